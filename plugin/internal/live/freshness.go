package live

import (
	"sync"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A freshness knows when the store was last asked for a session, and whether it
// must be asked again.
type freshness struct {
	id    string
	watch *store.Watch // follows the session; this process's commits are not told there

	mu     sync.Mutex
	asked  time.Time // when the store last answered
	known  question  // what that answer was to
	doubts uint64    // how often the store had to be asked, whatever was heard
}

// A question is put to the store. What is heard or doubted later may be missing in
// the answer.
type question struct {
	heard  uint64 // by the watch
	doubts uint64
}

// ask begins a question.
func (f *freshness) ask() question {
	heard := f.watch.Heard(f.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	return question{heard, f.doubts}
}

// answer ends a question, with the store's error.
func (f *freshness) answer(q question, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = time.Now()
	if err == nil { // an earlier question may be answered later
		f.known.heard = max(f.known.heard, q.heard)
		f.known.doubts = max(f.known.doubts, q.doubts)
	}
}

// lastAsked returns when the store last answered.
func (f *freshness) lastAsked() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// doubt makes the session stale.
func (f *freshness) doubt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.doubts++
}

// isStale reports whether the store must be asked.
func (f *freshness) isStale() bool {
	f.mu.Lock()
	stale := f.doubts != f.known.doubts
	f.mu.Unlock()
	return stale || f.hasNews()
}

// hasNews reports whether something was heard of the session since the store was
// asked.
func (f *freshness) hasNews() bool {
	heard := f.watch.Heard(f.id)
	f.mu.Lock()
	defer f.mu.Unlock()
	return heard != f.known.heard
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
