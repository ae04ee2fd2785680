package live

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Departure is over how long a host may spread the leaving of members that an outage
// sends away: they come back by themselves, and not all at once.
const Departure = 3 * time.Second

// An outage is a time in which the store does not answer. Members stay for grace
// after it was last heard.
type outage struct {
	grace time.Duration // negative: for ever
	last  func()        // is called when grace is over, in a goroutine of its own

	heard atomic.Int64 // when the store last answered, in Unix nanoseconds
	on    atomic.Bool  // it has failed since

	mu      sync.Mutex
	timer   *time.Timer // runs while an outage may last for too long, or has
	stopped bool        // it does not run any more
}

// over notes that the store has answered.
func (o *outage) over() {
	o.heard.Store(time.Now().UnixNano())
	if o.on.Load() {
		o.on.Store(false)
	}
}

// begin notes that the store has failed.
func (o *outage) begin() {
	o.on.Store(true)
	if o.grace < 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer == nil && !o.stopped {
		o.timer = time.AfterFunc(o.left(), o.check)
	}
}

// left returns for how long the members may stay.
func (o *outage) left() time.Duration {
	return time.Until(time.Unix(0, o.heard.Load()).Add(o.grace))
}

// check calls last when the time is over. It runs when the timer fires, and in no
// other goroutine until it has returned. The members need [Departure] to go: until
// that is over, no failure of the store sends them away once more.
func (o *outage) check() {
	lasts, left := o.on.Load(), o.left()
	if lasts && left <= 0 {
		o.last()
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

// stop ends the timer.
func (o *outage) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped = true
	if o.timer != nil {
		o.timer.Stop()
	}
}

// sendAway tells the host of every session that its members must go, unless the
// store is back: it is asked once more, as nobody may have since it failed. Sessions
// that are not saved are kept until they are.
func (b *Book) sendAway() {
	all := b.all()
	if len(all) == 0 {
		b.outage.on.Store(false) // for whoever comes next it begins anew
		return
	}
	if _, err := b.store.Missing(context.Background(), []string{all[0].key}); err == nil {
		b.outage.over()
		return
	}
	for _, e := range all {
		b.host.Away(e)
	}
}
