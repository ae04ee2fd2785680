package live

import (
	"sync"
	"time"
)

// TouchShare is the part of the idle timeout by which the store's knowledge of the
// last use may lag: small enough not to matter, and large enough to cost little.
const TouchShare = 10

// A clock knows when a session was used and when it expires. It has the session's
// only timer.
type clock struct {
	*env
	tick func() // runs when the timer fires, in a goroutine of its own

	mu      sync.Mutex
	used    time.Time // the last use
	touched time.Time // the last use that the store knows of
	expiry  time.Time // when the session ends if nobody uses it
	guessed bool      // expiry is a guess: the backend cannot tell
	timer   *time.Timer
	due     time.Time // when timer fires; zero when it does not
	stopped bool      // the session has ended
}

// arm makes the timer fire within d.
func (c *clock) arm(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armLocked(d)
}

func (c *clock) armLocked(d time.Duration) {
	d = max(d, time.Millisecond) // at an expiry, not just before it
	due := time.Now().Add(d)
	if c.stopped || c.closed.IsClosed() || !c.due.IsZero() && !due.Before(c.due) {
		return
	}
	c.due = due
	if c.timer == nil {
		c.timer = time.AfterFunc(d, c.tick)
	} else {
		c.timer.Reset(d)
	}
}

// armForExpiry makes the timer fire when the session expires, or before.
func (c *clock) armForExpiry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armForExpiryLocked()
}

func (c *clock) armForExpiryLocked() {
	if c.due.IsZero() || c.expiry.Before(c.due) {
		c.armLocked(time.Until(c.expiry))
	}
}

// fired notes that the timer has fired, and is not armed any more; and a use, if the
// members keep the session alive.
func (c *clock) fired(alive bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = time.Time{}
	if alive {
		c.used = time.Now()
	}
}

// stop stops the timer for ever: the session has ended.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.disarmLocked()
}

// rest stops the timer until it is armed again, if the store knows of the last use,
// and reports whether it does.
func (c *clock) rest() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isToldLocked() {
		return false
	}
	c.disarmLocked()
	return true
}

func (c *clock) disarmLocked() {
	c.due = time.Time{}
	if c.timer != nil {
		c.timer.Stop()
	}
}

// isTold reports whether the store knows of the last use.
func (c *clock) isTold() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isToldLocked()
}

func (c *clock) isToldLocked() bool { return c.stopped || !c.used.After(c.touched) }

// isOver reports whether the session has expired, as far as is known here.
func (c *clock) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !time.Now().Before(c.expiry)
}

// lasts reports whether the store keeps the session until a deadline, whoever uses it. What the
// store tells of that may be a moment early.
func (c *clock) lasts(deadline time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.guessed && deadline.Sub(c.expiry) < time.Second
}

// noteUse notes a use. It arms the timer for the moment when the store must
// hear of it.
func (c *clock) noteUse() {
	idle := c.manager.IdleTimeout
	if idle <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used = time.Now()
	c.armLocked(max(0, c.touched.Add(idle/TouchShare).Sub(c.used)))
}

// lastUse returns when the session was last used by an event, as far as is known
// here; the zero time when it was not.
func (c *clock) lastUse() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastUseLocked()
}

// A backend that cannot tell when the session ends takes what it is told for that,
// and would end it if no event has used it for too long, though requests have. With
// such a backend a save counts as a use.
func (c *clock) lastUseLocked() time.Time {
	if c.guessed {
		if now := time.Now(); !c.used.Add(c.manager.IdleTimeout).After(now) {
			return now
		}
	}
	return c.used
}

// pending returns the use that the store must hear of now, and whether there is
// one. If one can wait, and last is not set, it arms the timer for later.
func (c *clock) pending(last bool) (used time.Time, ok bool) {
	idle := c.manager.IdleTimeout
	c.mu.Lock()
	defer c.mu.Unlock()
	if idle <= 0 || !c.used.After(c.touched) {
		return time.Time{}, false
	}
	wait := time.Until(c.touched.Add(idle / TouchShare))
	if wait > 0 && !last {
		c.armLocked(wait)
		return time.Time{}, false
	}
	return c.lastUseLocked(), true
}

// noteTouch notes that the store knows of a use at the given time: a save moves the
// expiry too.
func (c *clock) noteTouch(at, deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.touched) {
		c.touched = at
	}
	c.learnLocked(c.store.Life(deadline, c.touched).After(c.expiry), deadline)
}

// learn notes when a session with this deadline expires. A backend that cannot tell
// gives the zero time: then the clock guesses, and puts the guess off for as long as
// the session is still there.
func (c *clock) learn(expiry, deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learnLocked(expiry, deadline)
}

func (c *clock) learnLocked(expiry, deadline time.Time) {
	if expiry.IsZero() {
		c.guessed = true
		now := time.Now()
		expiry = c.store.Life(deadline, c.touched).Expiry
		if !expiry.After(now) {
			expiry = now.Add(max(time.Second, c.manager.IdleTimeout/TouchShare))
		}
	}
	c.expiry = expiry
	c.armForExpiryLocked()
}
