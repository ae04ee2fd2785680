package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// retry calls attempt until it is done or fails, or ctx ends. It is the loop around
// every swap: an attempt that loses prepares the next one from what it found. The
// error is attempt's or ctx's.
func retry(ctx context.Context, attempt func() (done bool, err error)) error {
	for n := 0; ; n++ {
		done, err := attempt()
		if done || err != nil {
			return err
		}
		if err := backoff(ctx, n); err != nil {
			return fmt.Errorf("store: gave up after %d attempts: %w", n+1, err)
		}
	}
}

// backoff waits before a lost swap is tried again. The first two attempts do not
// wait. Each later one waits for a random part of a window that doubles up to
// 16 ms, so that all of many writers succeed. attempt counts from 0. The error is
// ctx's.
func backoff(ctx context.Context, attempt int) error {
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
