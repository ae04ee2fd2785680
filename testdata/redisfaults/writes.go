package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// backWithin bounds how long after a fault a first write may take to be acknowledged.
const backWithin = time.Second

// showWrites shows that nothing that was acknowledged is lost by faults. Each visitor
// counts in PerMessage events.
func showWrites(ctx context.Context, r *redisServer, program string, n int) error {
	way, err := newWay(r.addr)
	if err != nil {
		return err
	}
	defer way.close()
	demo, err := startDemo(program, way.addr, "-scope", "message")
	if err != nil {
		return err
	}
	defer demo.kill()
	var broken error
	for _, fault := range []struct {
		name  string
		cause func() error
	}{
		{"the node killed", func() error { demo.kill(); return demo.start() }},
		{"Redis killed", func() error { r.kill(); return r.again() }},
		{"Redis stopped for 20 s", func() error {
			r.signal(syscall.SIGSTOP)
			time.Sleep(20 * time.Second)
			r.signal(syscall.SIGCONT)
			return nil
		}},
		{"a black hole for 15 s", func() error {
			way.hole.Store(true)
			time.Sleep(15 * time.Second)
			way.hole.Store(false)
			return nil
		}},
	} {
		broken = errors.Join(broken, writeThrough(ctx, demo, n, fault.name, fault.cause))
		if err := within(10*time.Second, "the demo answers", demo.healthy); err != nil {
			return errors.Join(broken, err)
		}
	}
	return broken
}

// A writer is a visitor that counts as fast as it can, and comes back.
type writer struct {
	*visitor
	acknowledged int // the highest count
	first        time.Time
}

// write counts until ctx ends. A first acknowledgement after since is noted.
func (w *writer) write(ctx context.Context, since *atomic.Int64) {
	for ctx.Err() == nil {
		if w.ws == nil || w.lost.Load() {
			if w.connect() != nil {
				time.Sleep(50 * time.Millisecond)
				continue
			}
		}
		n, err := w.count()
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		w.acknowledged = max(w.acknowledged, n)
		if from := since.Load(); from != 0 && w.first.IsZero() {
			w.first = time.Now()
		}
	}
}

// writeThrough lets n writers count before, while and after a fault.
func writeThrough(ctx context.Context, demo *process, n int, name string, cause func() error) error {
	writers := make([]*writer, n)
	for i := range writers {
		v, err := visit(demo.addr)
		if err != nil {
			return err
		}
		writers[i] = &writer{visitor: v}
	}
	writing, stop := context.WithCancel(ctx)
	var over atomic.Int64
	var all sync.WaitGroup
	for _, w := range writers {
		all.Go(func() { w.write(writing, &over) })
	}
	time.Sleep(2 * time.Second)
	err := cause()
	end := time.Now()
	over.Store(end.UnixNano())
	time.Sleep(5 * time.Second)
	stop()
	all.Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return judge(name, writers, end)
}

// judge compares what was acknowledged with what is stored.
func judge(name string, writers []*writer, end time.Time) error {
	sum, lost, back := 0, 0, time.Duration(-1)
	for _, w := range writers {
		stored, err := w.stored()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sum += w.acknowledged
		lost += max(0, w.acknowledged-stored)
		if took := w.first.Sub(end); !w.first.IsZero() && (back < 0 || took < back) {
			back = took
		}
	}
	fmt.Printf("%s: %d writes acknowledged, %d lost, back after %v\n", name, sum, lost, back.Round(time.Millisecond))
	if lost > 0 || back < 0 || back > backWithin {
		return fmt.Errorf("%s: a bound is broken", name)
	}
	return nil
}

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
			go w.serve(conn, to)
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
	go w.copy(server, conn) // ends with either
	w.copy(conn, server)
}

// copy copies, but swallows what comes while there is a hole.
func (w *way) copy(to io.WriteCloser, from io.Reader) {
	defer to.Close()
	for b := make([]byte, 32<<10); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if w.hole.Load() {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
