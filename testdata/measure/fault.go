package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// A fault is what happens to a crowd.
type fault struct {
	name      string
	cause     func(context.Context) (ours int, err error) // returns when it is over, and how many commands this program has sent
	anew      bool                                        // Redis is another process then
	concerned int                                         // sessions
}

func (c *crowd) faults() []fault {
	all := len(c.visitors)
	changed := min(5000, all/2)
	return []fault{
		{"pub/sub killed", c.killPubSub, false, all},
		{"Redis restarted with its data, after 3 s", c.restart, true, all},
		{"5,000 notes at once", func(ctx context.Context) (int, error) { return c.burst(ctx, c.visitors[all-changed:]) }, false, changed},
		{"Redis stopped for 10 s", c.stall(10 * time.Second), false, all},
		{"Redis stopped for 20 s", c.stall(20 * time.Second), false, all}, // longer than a line is silent
	}
}

func (c *crowd) killPubSub(context.Context) (int, error) {
	_, err := c.redis.do("CLIENT", "KILL", "TYPE", "pubsub")
	return 0, err
}

func (c *crowd) restart(ctx context.Context) (int, error) {
	c.redis.end(syscall.SIGTERM)
	pause(ctx, 3*time.Second)
	return 0, c.redis.again()
}

func (c *crowd) stall(d time.Duration) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		c.redis.signal(syscall.SIGSTOP)
		pause(ctx, d)
		c.redis.signal(syscall.SIGCONT)
		return 0, nil
	}
}

// burst changes many sessions by another node, as fast as that can.
func (c *crowd) burst(ctx context.Context, changed []*visitor) (ours int, err error) {
	change := func(v *visitor) error {
		_, err := c.pages.change(ctx, v.token, func(ctx context.Context) { c.pages.manager.Put(ctx, "n", rand.Int()) }) //nolint:gosec // any number
		return err
	}
	one, err := c.pages.logInMany(ctx, 1) // nobody listens to it: all its commands are ours
	if err != nil {
		return 0, err
	}
	before := c.redis.commands()
	if err := change(one[0]); err != nil {
		return 0, err
	}
	ours = c.redis.commands() - before
	return ours * (len(changed) + 1), each(ctx, len(changed), func(i int) error { return change(changed[i]) })
}
