package live

import (
	"sync"
	"time"
)

// An exchange with the store is a load, a swap, a touch or an end, over the codec. A
// session has one at a time, so that base never goes back. No exchange calls SCS.
type exchange struct {
	mu       sync.Mutex
	after    []func() // the app's functions to call when it is over
	failure  error    // of the last one that failed
	failedAt time.Time
}

// begin waits until no exchange is under way, and begins one.
func (x *exchange) begin() { x.mu.Lock() }

// end ends the exchange, and calls the app's functions.
func (x *exchange) end() {
	after := x.after
	x.after = nil
	x.mu.Unlock()
	for _, call := range after {
		call()
	}
}

// callAfter makes end call one of the app's functions. The exchange is under way.
func (x *exchange) callAfter(call func()) { x.after = append(x.after, call) }

// fail notes that the exchange under way has failed.
func (x *exchange) fail(err error) { x.failure, x.failedAt = err, time.Now() }

// failedSince returns the error of an exchange that has failed since start, nil if
// none has: a caller that has waited for it need not ask the store again. Another is
// under way.
func (x *exchange) failedSince(start time.Time) error {
	if x.failedAt.After(start) {
		return &StoreError{stageLoad, x.failure}
	}
	return nil
}
