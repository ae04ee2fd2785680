package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// backWithin bounds how long after a fault a first write may take to be acknowledged.
const backWithin = time.Second

// showWrites shows that nothing that was acknowledged is lost by faults. Each visitor
// counts in PerMessage events. The first fault kills the node that all are connected to.
func showWrites(ctx context.Context, r *redisServer, n int) error {
	w, err := newWay(r.addr)
	if err != nil {
		return err
	}
	defer w.close()
	first, err := startNode(w.addr)
	if err != nil {
		return err
	}
	defer first.kill()
	second, err := startNode(w.addr)
	if err != nil {
		return err
	}
	defer second.kill()
	var broken error
	for _, f := range []struct {
		name  string
		nodes []*process // one is used until it is gone
		cause func() error
	}{
		{"a node killed, another takes over", []*process{first, second}, func() error { first.kill(); return nil }},
		{"Redis killed", []*process{second}, func() error { r.kill(); return r.again() }},
		{"Redis stopped for 20 s", []*process{second}, func() error {
			r.signal(syscall.SIGSTOP)
			pause(ctx, 20*time.Second)
			r.signal(syscall.SIGCONT)
			return nil
		}},
		{"a black hole for 15 s", []*process{second}, func() error {
			w.hole.Store(true)
			pause(ctx, 15*time.Second)
			w.hole.Store(false)
			return nil
		}},
	} {
		if ctx.Err() == nil {
			broken = errors.Join(broken, writeThrough(ctx, newPages(r.addr), f.nodes, n, f.name, f.cause))
		}
	}
	return broken
}

// A writer is a visitor that counts as fast as it can, and comes back.
type writer struct {
	*visitor
	event        string
	nodes        []*process
	acknowledged int // how many writes
	first        time.Time
}

// write counts until ctx ends. A first acknowledgement of what was sent after over is
// noted.
func (w *writer) write(ctx context.Context, over *atomic.Int64) {
	for ctx.Err() == nil {
		if w.ws == nil || w.lost.Load() {
			if w.connect(w.nodes[0].addr) != nil {
				w.nodes = append(w.nodes[1:], w.nodes[0])
				pause(ctx, 50*time.Millisecond)
				continue
			}
		}
		if _, err := w.ask(w.event); err != nil {
			pause(ctx, 20*time.Millisecond)
			continue
		}
		w.acknowledged++
		if over.Load() != 0 && w.first.IsZero() {
			w.first = time.Now()
		}
	}
}

// writeThrough lets n writers count before, while and after a fault. One half puts, the
// other updates.
func writeThrough(ctx context.Context, p *pages, nodes []*process, n int, name string, cause func() error) error {
	visitors, err := p.logInMany(ctx, n)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	writers := make([]*writer, n)
	for i, v := range visitors {
		writers[i] = &writer{visitor: v, nodes: nodes, event: []string{"write each", "update each"}[i%2]}
	}
	writing, stop := context.WithCancel(ctx)
	var over atomic.Int64
	var all sync.WaitGroup
	for _, w := range writers {
		all.Go(func() { w.write(writing, &over) })
	}
	pause(ctx, 3*time.Second)
	err = cause()
	end := time.Now()
	over.Store(end.UnixNano())
	pause(ctx, 5*time.Second)
	stop()
	all.Wait()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return judge(ctx, p, name, writers, end)
}

// judge compares what was acknowledged with what is in Redis, where each write counts one.
func judge(ctx context.Context, p *pages, name string, writers []*writer, end time.Time) error {
	sum, lost, ahead, back, all := 0, 0, 0, time.Duration(-1), time.Duration(0)
	for _, w := range writers {
		if w.ws != nil {
			_ = w.ws.Close()
		}
		stored, err := p.stored(ctx, w.token)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sum += w.acknowledged
		lost += max(0, w.acknowledged-stored)
		ahead += max(0, stored-w.acknowledged)
		took := w.first.Sub(end)
		if w.first.IsZero() {
			took = time.Hour
		}
		if back < 0 || took < back {
			back = took
		}
		all = max(all, took)
	}
	fmt.Printf("%s: %d writes acknowledged, %d lost, %d more made; the first acknowledged after %v, all writers' after %v\n",
		name, sum, lost, ahead, back.Round(time.Millisecond), all.Round(time.Millisecond))
	if lost > 0 || back > backWithin {
		return fmt.Errorf("%s: a bound is broken", name)
	}
	return nil
}
