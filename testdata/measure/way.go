package main

import (
	"io"
	"net"
	"sync/atomic"
)

// A way leads to Redis, or into a black hole.
type way struct {
	listener net.Listener
	addr     string
	hole     atomic.Bool
}

func newWay(to string) (*way, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &way{listener: l, addr: l.Addr().String()}
	go func() { // ends with close
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go w.serve(conn, to) // ends with either connection
		}
	}()
	return w, nil
}

func (w *way) close() { _ = w.listener.Close() }

func (w *way) serve(conn net.Conn, to string) {
	defer conn.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	var lost atomic.Bool
	go w.copy(server, conn, &lost) // ends with either
	w.copy(conn, server, &lost)
}

// copy copies, but swallows what comes while there is a hole. A connection that has lost
// something says nothing more: what follows a gap would be taken for something else.
func (w *way) copy(to io.WriteCloser, from io.Reader, lost *atomic.Bool) {
	defer to.Close()
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if w.hole.Load() {
			lost.Store(true)
		}
		if lost.Load() {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
