package plugin

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// departure is over how long the sockets are spread that end with an outage: they
// come back by themselves, and not all at once.
const departure = 3 * time.Second

// An outage is a time in which the store does not answer. The sockets stay for
// grace after it was last heard, and then end.
type outage struct {
	grace time.Duration // negative: for ever
	end   func()        // ends the sockets, in a goroutine of its own

	heard atomic.Int64 // when the store last answered, in Unix nanoseconds
	on    atomic.Bool  // it has failed since

	mu    sync.Mutex
	timer *time.Timer // runs while an outage may last for too long
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
	if o.timer == nil {
		o.timer = time.AfterFunc(o.left(), o.check)
	}
}

// left is for how long the sockets may stay.
func (o *outage) left() time.Duration {
	return time.Until(time.Unix(0, o.heard.Load()).Add(o.grace))
}

// check ends the sockets when the time is over. It runs when the timer fires.
func (o *outage) check() {
	o.mu.Lock()
	left := o.left()
	lasts := o.on.Load()
	if lasts && left > 0 {
		o.timer.Reset(left)
	} else {
		o.timer = nil
	}
	o.mu.Unlock()
	if lasts && left <= 0 {
		o.end()
	}
}

// stop ends the timer.
func (o *outage) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
}

// sendAway ends the sockets of every session, each at a moment of its own, unless
// the store is back by then: it is asked once more, as nobody may have since it
// failed. Sessions that are not saved are kept until they are.
func (s *Sessions) sendAway() {
	all := s.all()
	if len(all) == 0 {
		return
	}
	if _, err := s.store.Missing(context.Background(), []string{all[0].key}); err == nil {
		s.outage.over()
		return
	}
	for _, e := range all {
		for _, so := range s.socketsOf(e) {
			go func() { // ends with the socket; it is counted as running
				pause := time.NewTimer(rand.N(departure)) //nolint:gosec // jitter is no secret
				defer pause.Stop()
				select {
				case <-pause.C:
				case <-so.left.done():
				}
				if !s.outage.on.Load() {
					s.running.Done()
					return
				}
				so.expel(refusal(CodeStoreError))
			}()
		}
	}
}
