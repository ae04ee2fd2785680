package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// What real clients do by default.
const (
	beatEvery  = 25 * time.Second // also what the node asks for
	waitsFor   = 20 * time.Second // for an answer
	firstDelay = time.Second      // before a client comes back, doubled by each attempt,
	lastDelay  = 5 * time.Second  // up to this, give or take a half
)

// A client is a visitor that keeps its socket: it beats, talks, and comes back.
type client struct {
	visitor
	home  *home
	talks bool
}

// run connects in a slot that its caller has taken, and stays until ctx ends.
func (c *client) run(ctx context.Context) {
	c.comeBack(ctx, 0)
	<-c.home.slots
	for ctx.Err() == nil {
		c.home.count(func(t *tally) { t.Open++ })
		left := c.stay(ctx)
		_ = c.ws.Close()
		for range c.acks { // until its reader has ended
		}
		c.home.count(func(t *tally) { t.Open-- })
		if left {
			c.comeBack(ctx, 0)
			<-c.home.slots
			continue
		}
		c.home.count(func(t *tally) { t.Lost++ })
		c.comeBack(ctx, delay(0))
	}
}

// comeBack connects, after a time and as often as it takes.
func (c *client) comeBack(ctx context.Context, wait time.Duration) {
	for attempt := 1; ; attempt++ {
		pause(ctx, wait)
		if ctx.Err() != nil {
			return
		}
		if c.connectAnywhere() {
			c.home.count(func(t *tally) { t.Came++ })
			return
		}
		c.home.count(func(t *tally) { t.Failed++ })
		wait = delay(attempt)
	}
}

// connectAnywhere tries one node after the other, as a balancer does that finds one gone.
func (c *client) connectAnywhere() bool {
	for _, node := range c.home.nodes {
		if c.connect(node) == nil {
			return true
		}
	}
	return false
}

// delay is that of socket.io-client, before an attempt.
func delay(attempt int) time.Duration {
	d := min(firstDelay<<min(attempt, 10), 2*lastDelay)
	return min(d/2+rand.N(d), lastDelay) //nolint:gosec // jitter is no secret
}

// stay beats and talks until the socket is lost, or another is to take its place.
func (c *client) stay(ctx context.Context) (left bool) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	var talk <-chan time.Time
	if c.talks {
		talk = time.After(rand.N(c.home.every)) //nolint:gosec // any moment
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-c.home.leave:
			return true
		case _, open := <-c.acks:
			if !open {
				return false
			}
		case <-beat.C:
			c.beat()
		case <-talk:
			c.talk()
			talk = time.After(c.home.every)
		}
	}
}

func (c *client) talk() {
	start := time.Now()
	_, err := c.ask(c.home.event)
	c.home.count(func(t *tally) {
		if err != nil {
			t.Unanswered++
			return
		}
		t.Answered++
		c.home.took = append(c.home.took, time.Since(start))
	})
}
