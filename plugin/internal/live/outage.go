package live

import (
	"sync"
	"sync/atomic"
	"time"
)

// Departure is the time over which a host may spread the members that an outage
// sends away: they come back by themselves, and should not all come at once.
const Departure = 3 * time.Second

// An outage is a time in which the store does not answer. Members stay for the
// grace after it was last heard: its last answer, or what it said unasked.
type outage struct {
	grace   time.Duration    // negative: for ever
	heard   func() time.Time // when the store showed unasked that it is there
	expired func()           // runs when the grace is over, in a goroutine of its own

	answered atomic.Int64 // when the store last answered, in Unix nanoseconds
	on       atomic.Bool  // it has failed since

	mu      sync.Mutex
	timer   *time.Timer // runs from the first failure until the store has answered
	stopped bool        // no timer starts any more
}

// newOutage returns one that is over. Set expired before it is used.
func newOutage(grace time.Duration, heard func() time.Time) *outage {
	o := &outage{grace: grace, heard: heard}
	o.end()
	return o
}

// end notes that the store has answered.
func (o *outage) end() {
	o.answered.Store(time.Now().UnixNano())
	if o.on.Load() {
		o.on.Store(false)
	}
}

// begin notes that the store has failed. Until then it may have been there, though nobody
// has asked it for long: where changes are heard that happens seldom. A store that shows
// that it is there has said until when. Any other is asked each deafInterval or so.
func (o *outage) begin() {
	if !o.on.Swap(true) {
		heard := o.heard()
		if heard.IsZero() {
			heard = time.Now().Add(-deafInterval)
		}
		o.raise(heard)
	}
	if o.grace < 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer == nil && !o.stopped {
		o.timer = time.AfterFunc(o.left(), o.check)
	}
}

// forget lets the next failure begin a new outage, though the store has not
// answered.
func (o *outage) forget() { o.on.Store(false) }

// left returns for how long the members may stay.
func (o *outage) left() time.Duration {
	return time.Until(time.Unix(0, o.answered.Load()).Add(o.grace))
}

// raise notes that the store was there at a time.
func (o *outage) raise(at time.Time) {
	old := o.answered.Load()
	for at.After(time.Unix(0, old)) && !o.answered.CompareAndSwap(old, at.UnixNano()) {
		old = o.answered.Load()
	}
}

// check calls expired when the grace is over. The timer calls it, and fires again
// only after it has returned. The members need [Departure] to go: until then no
// failure of the store sends them away once more.
func (o *outage) check() {
	lasts, left := o.on.Load(), o.left()
	if lasts && left <= 0 {
		o.expired()
		left = Departure
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.stopped:
	case o.on.Load():
		o.timer.Reset(left)
	default:
		o.timer = nil
	}
}

// stop stops the timer for ever.
func (o *outage) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped = true
	if o.timer != nil {
		o.timer.Stop()
	}
}
