package live

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A freshness knows when the store was last asked for a session, and whether it
// must be asked again.
type freshness struct {
	id    string
	watch atomic.Pointer[store.Watch] // follows the session; this process's commits are not told there

	mu    sync.Mutex
	asked time.Time // when the store last answered
	heard uint64    // what the watch had heard then
	stale bool      // the store must be asked, whatever was heard
}

// A question is put to the store.
type question struct {
	heard uint64 // what is heard from now on may be missing in the answer
	stale bool   // why it is asked
}

// ask begins a question.
func (f *freshness) ask() question {
	heard := f.watch.Load().Heard(f.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	q := question{heard, f.stale}
	f.stale = false
	return q
}

// answer ends a question, with the store's error.
func (f *freshness) answer(q question, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = time.Now()
	if err == nil {
		f.heard = q.heard
	} else {
		f.stale = f.stale || q.stale
	}
}

// doubt makes the session stale.
func (f *freshness) doubt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stale = true
}

// isStale reports whether the store must be asked.
func (f *freshness) isStale() bool {
	f.mu.Lock()
	stale := f.stale
	f.mu.Unlock()
	return stale || f.hasNews()
}

// hasNews reports whether something was heard of the session since the store was
// asked.
func (f *freshness) hasNews() bool {
	heard := f.watch.Load().Heard(f.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	return heard != f.heard
}

// isWithin reports whether the store was asked within limit, and need not be asked
// again.
func (f *freshness) isWithin(limit time.Duration) bool {
	if f.isStale() {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Since(f.asked) < limit
}
