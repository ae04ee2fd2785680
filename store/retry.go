package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Retry calls attempt until it is done or fails, or ctx ends. It is for swaps that
// lose against others: attempt prepares the next one from what it found. The error
// is attempt's, or ctx's.
func (*Core) Retry(ctx context.Context, attempt func() (done bool, err error)) error {
	for n := 0; ; n++ {
		done, err := attempt()
		if done || err != nil {
			return err
		}
		if err := Backoff(ctx, n); err != nil {
			return fmt.Errorf("store: give up after %d conflicts: %w", n+1, err)
		}
	}
}

// Backoff waits before a swap that lost against another is tried again: not at
// all at first, then a random part of a window that doubles up to 16 ms, so
// that many writers get their turns. attempt counts from 0. The error is ctx's.
func Backoff(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	timer := time.NewTimer(rand.N(time.Millisecond << min(attempt-2, 4))) //nolint:gosec // jitter is no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
