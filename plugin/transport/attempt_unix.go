//go:build unix

package transport

import (
	"errors"
	"io"
	"syscall"
)

// An attempt is one write that does not wait, and what has come of it.
type attempt struct {
	bytes []byte
	n     int
	err   error
	run   func(fd uintptr) bool // write: made once, not for each of them
}

// try writes as much of p as the kernel takes. What it does not is no error.
func (a *attempt) try(raw syscall.RawConn, p []byte) (n int, err error) {
	a.bytes, a.n, a.err = p, 0, nil
	err = raw.Write(a.run)
	a.bytes = nil
	if err == nil {
		err = a.err
	}
	return a.n, err
}

// write runs in raw.Write; true says that it need not be run again.
func (a *attempt) write(fd uintptr) bool {
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
