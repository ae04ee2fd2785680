package storetest

import (
	"context"
	"testing"
	"time"
)

// Eventually waits for what another goroutine or process is about to do: until ok,
// which it calls every few milliseconds, returns true. It fails the test after
// ten seconds.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !ok() {
		select {
		case <-again.C:
		case <-ctx.Done():
			tb.Fatalf("not in time: %s", what)
		}
	}
}
