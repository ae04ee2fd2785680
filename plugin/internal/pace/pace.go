// Package pace spreads work over time.
package pace

import (
	"context"
	"time"
)

// tick is how often something is done.
const tick = 10 * time.Millisecond

// share of ctx's time is what the work may take: what it starts needs the rest.
const share = 0.75

// Each calls f for each item, in order and at an even pace: rate of them a second, or more
// where three quarters of the time that ctx has left would not do. What is left when ctx
// ends follows at once, and a rate below 1 is none: all is done at once. f reports whether
// there was something to do; items without it take no time.
func Each[T any](ctx context.Context, rate int, items []T, f func(T) bool) {
	pace := perTick(ctx, rate, len(items))
	if pace == 0 {
		for _, item := range items {
			f(item)
		}
		return
	}
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for due := pace; len(items) > 0; due += pace {
		for due >= 1 && len(items) > 0 {
			if f(items[0]) {
				due--
			}
			items = items[1:]
		}
		if len(items) == 0 {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			due += float64(len(items))
		}
	}
}

// perTick returns how many items are due at each tick, 0 for all of them.
func perTick(ctx context.Context, rate, items int) float64 {
	if rate < 1 {
		return 0
	}
	pace := float64(rate) * tick.Seconds()
	if end, ok := ctx.Deadline(); ok {
		ticks := share * time.Until(end).Seconds() / tick.Seconds()
		if ticks < 1 {
			return 0
		}
		pace = max(pace, float64(items)/ticks)
	}
	return pace
}
