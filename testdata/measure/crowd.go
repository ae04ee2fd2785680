package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// A crowd is many visitors of one node.
type crowd struct {
	redis    *redisServer
	node     *process
	pages    *pages
	visitors []*visitor
	next     atomic.Int32 // the visitor that logs out next
}

// The bounds that each fault must keep.
const (
	maxPerSession = 2.5 // commands
	quietWithin   = 3 * time.Second
	logoutWithin  = time.Second
	watched       = 10 * time.Second // after a fault
	maxIdleRate   = 0.02             // commands a second and session
	maxGrowth     = 0.1              // of memory and goroutines, from the beginning to the end
)

// showCrowd shows what faults cost a node with many sessions.
func showCrowd(ctx context.Context, r *redisServer, sockets int, idle time.Duration) error {
	node, err := startNode(r.addr)
	if err != nil {
		return err
	}
	defer node.kill()
	c := &crowd{redis: r, node: node, pages: newPages(r.addr)}
	if err := c.gather(ctx, sockets); err != nil {
		return err
	}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go c.beat(beating) // ends with showCrowd
	pause(ctx, 2*time.Second)
	before, err := c.use("before")
	if err != nil {
		return err
	}
	broken := c.idle(ctx, idle)
	for _, f := range c.faults() {
		if ctx.Err() == nil {
			broken = errors.Join(broken, c.show(ctx, f))
		}
	}
	after, err := c.use("after")
	if far(before.Goroutines, after.Goroutines) || far(before.HeapMB, after.HeapMB) {
		broken = errors.Join(broken, errors.New("the node has grown"))
	}
	return errors.Join(broken, err)
}

func far(before, after int) bool { return float64(after) > float64(before)*(1+maxGrowth) }

// use shows what the node has in use.
func (c *crowd) use(when string) (usage, error) {
	u, err := c.node.usage()
	fmt.Printf("%s: the node takes %d MB, of them %d MB heap, and %d goroutines\n", when, c.node.rss()>>20, u.HeapMB, u.Goroutines)
	return u, err
}

// gather lets visitors come, a few at a time, and shows what Redis keeps for each.
func (c *crowd) gather(ctx context.Context, n int) (err error) {
	empty, start := c.redis.memory(), time.Now()
	if c.visitors, err = c.pages.logInMany(ctx, n); err != nil {
		return err
	}
	stored, before := c.redis.memory(), c.redis.commands()
	if err := each(ctx, n, func(i int) error { return c.visitors[i].connect(c.node.addr) }); err != nil {
		return err
	}
	took := time.Since(start)
	pause(ctx, 2*time.Second)
	fmt.Printf("%d sockets, each with a session, in %v; for each Redis takes %d bytes for the session, %d for its channels, and %.2f commands to connect\n",
		n, took.Round(time.Second), (stored-empty)/n, (c.redis.memory()-stored)/n, float64(c.redis.commands()-before)/float64(n))
	return nil
}

// beat keeps all sockets alive.
func (c *crowd) beat(ctx context.Context) {
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, v := range c.visitors {
				v.beat()
			}
		}
	}
}

func (c *crowd) lost() (n int) {
	for _, v := range c.visitors {
		if v.lost.Load() {
			n++
		}
	}
	return n
}

// idle shows what a crowd costs that does nothing.
func (c *crowd) idle(ctx context.Context, d time.Duration) error {
	before, cpu := c.redis.commands(), c.node.cpu()
	pause(ctx, d)
	rate := float64(c.redis.commands()-before) / d.Seconds() / float64(len(c.visitors))
	fmt.Printf("idle: %.5f commands a second and session, %v CPU in %v\n", rate, c.node.cpu()-cpu, d)
	if rate > maxIdleRate {
		return fmt.Errorf("idle: %.3f commands a second and session", rate)
	}
	return nil
}

// show brings a fault about, and shows what it costs from when it is over.
func (c *crowd) show(ctx context.Context, f fault) error {
	cpu, load, before := c.node.cpu(), c.redis.cpu(), c.redis.commands()
	ours, err := f.cause(ctx)
	back := time.Now()
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	if f.anew {
		before, load = 0, 0
	}
	first := make(chan time.Duration, 1)
	go func() { first <- c.logOut(ctx) }() // ends soon
	quiet, peak := c.untilQuiet(ctx, back)
	sent := c.redis.commands() - before - ours
	logouts := []time.Duration{<-first, c.logOut(ctx)}
	perSession := float64(sent) / float64(f.concerned)
	gone := c.lost() - int(c.next.Load())
	fmt.Printf("%s: quiet after %v (at most %d commands in 100 ms), %d commands (%.2f for each of %d sessions), %v CPU and %v of Redis, a logout elsewhere took %v at once and %v later, %d others lost\n",
		f.name, quiet.Round(10*time.Millisecond), peak, sent, perSession, f.concerned, c.node.cpu()-cpu, c.redis.cpu()-load,
		logouts[0].Round(time.Millisecond), logouts[1].Round(time.Millisecond), gone)
	if quiet > quietWithin || perSession > maxPerSession || max(logouts[0], logouts[1]) > logoutWithin || gone != 0 {
		return fmt.Errorf("%s: a bound is broken", f.name)
	}
	return nil
}

// untilQuiet watches the crowd, and returns how long after a moment it has last asked
// more of Redis than one command for each session in 100 s, and the most that it has asked.
func (c *crowd) untilQuiet(ctx context.Context, from time.Time) (quiet time.Duration, peak int) {
	const step = 100 * time.Millisecond
	busy := max(20, len(c.visitors)/1000)
	last := c.redis.commands()
	for time.Since(from) < watched && ctx.Err() == nil {
		pause(ctx, step)
		now := c.redis.commands()
		peak = max(peak, now-last)
		if now-last > busy {
			quiet = time.Since(from)
		}
		last = now
	}
	return quiet, peak
}

// logOut ends one session by another node, and returns how long its socket takes to hear
// of it.
func (c *crowd) logOut(ctx context.Context) time.Duration {
	v := c.visitors[c.next.Add(1)-1]
	start := time.Now()
	if v.lost.Load() || c.pages.logOut(ctx, v.token) != nil {
		return math.MaxInt64
	}
	if within(10*time.Second, "the socket ends", v.lost.Load) != nil {
		return math.MaxInt64
	}
	return time.Since(start)
}
