//go:build unix

package wire

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// A tryWriter writes without waiting. It needs no goroutine and no memory.
type tryWriter struct {
	raw   syscall.RawConn // nil if the connection has none
	bytes []byte          // of the write under way
	n     int             // how many the kernel has taken
	err   error
	run   func(fd uintptr) // writeTo; made once to save allocations
}

// prepare sets the connection. TLS and other wrappers do not support this.
func (a *tryWriter) prepare(under net.Conn) {
	switch under := under.(type) {
	case *net.TCPConn:
		a.raw, _ = under.SyscallConn()
	case *net.UnixConn:
		a.raw, _ = under.SyscallConn()
	}
	a.run = a.writeTo
}

// write writes as much of p as the kernel takes. A short write is no error.
func (a *tryWriter) write(p []byte) (n int, err error) {
	if a.raw == nil {
		return 0, nil
	}
	a.bytes, a.n, a.err = p, 0, nil
	err = a.raw.Control(a.run) // its Write would reset the poller, which nobody waits for
	a.bytes = nil
	if err == nil {
		err = a.err
	}
	return a.n, err
}

// writeTo is called by raw.Control, which keeps the descriptor open meanwhile.
func (a *tryWriter) writeTo(fd uintptr) {
	for a.n < len(a.bytes) {
		n, err := syscall.Write(int(fd), a.bytes[a.n:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return
		case err == nil && n == 0:
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			a.err = err
			return
		}
		a.n += n
	}
}
