package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// loaded is for how long events of each kind come as fast as they can.
const loaded = 3 * time.Second

// showLoad shows how many events of each kind a second there can be with Redis, a node
// and this program on one machine, and what Redis does for each.
func showLoad(ctx context.Context, r *redisServer, n int) error {
	if _, err := r.do("CONFIG", "SET", "appendfsync", "everysec"); err != nil {
		return err
	}
	visitors, err := newPages(r.addr).logInMany(ctx, n)
	if err != nil {
		return err
	}
	err = errors.Join(
		r.load(ctx, visitors, "", "read", "write", "read each", "write each", "update each"),
		r.load(ctx, visitors, ", MaxStale", "read each", "write each"))
	_, failed := r.do("CONFIG", "SET", "appendfsync", "always")
	return errors.Join(err, failed)
}

// load shows events on a node of their own.
func (r *redisServer) load(ctx context.Context, visitors []*visitor, with string, events ...string) error {
	var args []string
	if with != "" {
		args = []string{"-stale", "1s"}
	}
	node, err := startNode(r.addr, args...)
	if err != nil {
		return err
	}
	defer node.kill()
	if err := each(ctx, len(visitors), func(i int) error { return visitors[i].connect(node.addr) }); err != nil {
		return err
	}
	for _, event := range events {
		redis, cpu, start := r.cpu(), node.cpu(), time.Now()
		done, err := askAll(ctx, visitors, event)
		if err != nil || done == 0 {
			return fmt.Errorf("%s: %d events, %w", event, done, err)
		}
		fmt.Printf("%d sockets, %s%s: %.0f events a second; each takes %.1f µs CPU of Redis, %.0f µs of the node\n", len(visitors), event, with,
			float64(done)/time.Since(start).Seconds(), micros(r.cpu()-redis, done), micros(node.cpu()-cpu, done))
	}
	return nil
}

func micros(d time.Duration, among int64) float64 {
	return float64(d) / float64(time.Microsecond) / float64(among)
}

// askAll has all visitors send an event again and again, and returns how often.
func askAll(ctx context.Context, visitors []*visitor, event string) (int64, error) {
	ctx, stop := context.WithTimeout(ctx, loaded)
	defer stop()
	var done atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, len(visitors))
	for _, v := range visitors {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := v.ask(event); err != nil {
					failed <- err
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	select {
	case err := <-failed:
		return done.Load(), err
	default:
		return done.Load(), nil
	}
}
