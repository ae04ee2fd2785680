package live

import (
	"sync"
	"time"
)

// An exchange is what asks the store or tells it something, over the codec: one at a
// time for each session, so that base never goes back. SCS is not called during one.
type exchange struct {
	mu       sync.Mutex
	after    []func() // the app's functions to call when it is over
	failure  error    // of the last one that failed
	failedAt time.Time
}

// begin waits for the exchange under way, and begins one.
func (x *exchange) begin() { x.mu.Lock() }

// end ends it, and calls the app's functions.
func (x *exchange) end() {
	after := x.after
	x.after = nil
	x.mu.Unlock()
	for _, call := range after {
		call()
	}
}

// callAfter has one of the app's functions called when the exchange is over. It is
// under way.
func (x *exchange) callAfter(call func()) { x.after = append(x.after, call) }

// fail notes that it has failed. It is under way.
func (x *exchange) fail(err error) { x.failure, x.failedAt = err, time.Now() }

// failedSince returns the error of an exchange that has failed since, nil if none
// has: who has waited for it need not fail once more. Another is under way.
func (x *exchange) failedSince(start time.Time) error {
	if x.failedAt.After(start) {
		return &StoreError{stageLoad, x.failure}
	}
	return nil
}
