//go:build unix

package wire

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// A tryWriter makes one write that does not wait, and what has come of it.
type tryWriter struct {
	raw   syscall.RawConn // nil where there are none
	bytes []byte
	n     int
	err   error
	run   func(fd uintptr) bool // write: made once, not for each of them
}

// prepare makes attempts on a connection possible, if that does nothing but
// write.
func (a *tryWriter) prepare(under net.Conn) {
	switch under := under.(type) {
	case *net.TCPConn:
		a.raw, _ = under.SyscallConn()
	case *net.UnixConn:
		a.raw, _ = under.SyscallConn()
	}
	a.run = a.writeTo
}

// write writes as much of p as the kernel takes. What it does not is no error.
func (a *tryWriter) write(p []byte) (n int, err error) {
	if a.raw == nil {
		return 0, nil
	}
	a.bytes, a.n, a.err = p, 0, nil
	err = a.raw.Write(a.run)
	a.bytes = nil
	if err == nil {
		err = a.err
	}
	return a.n, err
}

// writeTo runs in raw.Write; true says that it need not be run again.
func (a *tryWriter) writeTo(fd uintptr) bool {
	for a.n < len(a.bytes) {
		n, err := syscall.Write(int(fd), a.bytes[a.n:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return true
		case err == nil && n == 0:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			a.err = err
			return true
		}
		a.n += n
	}
	return true
}
