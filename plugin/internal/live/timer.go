package live

import (
	"context"
	"time"
)

// TouchShare is the part of the idle timeout by which the store's knowledge of
// the last use may lag: often enough not to matter, seldom enough not to cost.
const TouchShare = 10

// armLocked makes the timer fire within d. e.mu is held.
func (e *Entry) armLocked(d time.Duration) {
	d = max(d, time.Millisecond) // at an expiry, not just before it
	due := time.Now().Add(d)
	if e.ended.Load() != nil || e.closed.Load() || !e.due.IsZero() && !due.Before(e.due) {
		return
	}
	e.due = due
	if e.timer == nil {
		e.timer = time.AfterFunc(d, e.tick)
	} else {
		e.timer.Reset(d)
	}
}

// disarmLocked stops the timer. e.mu is held.
func (e *Entry) disarmLocked() {
	e.due = time.Time{}
	if e.timer != nil {
		e.timer.Stop()
	}
}

// tick runs when the timer fires, in a goroutine of its own that ends with the
// exchange. A failed one is tried again, also when the last socket has left:
// the changes must not be lost.
func (e *Entry) tick() {
	kept := e.kept()
	e.mu.Lock()
	e.due = time.Time{}
	if kept {
		e.used = time.Now()
	}
	e.mu.Unlock()
	err := e.sync(false)
	if err == nil && e.mustAsk() {
		err = IgnoreEnd(e.refresh())
	}
	if err != nil {
		e.host.Failed(stageSave, e.id, err)
		e.retry()
		return
	}
	if e.book.retire(e) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armLocked(time.Until(e.expiry))
	if kept {
		e.armLocked(e.manager.IdleTimeout / TouchShare)
	}
}

// kept tells whether the session's open sockets keep it alive.
func (e *Entry) kept() bool {
	b := e.book
	return b.config.KeepAlive && b.manager.IdleTimeout > 0 && b.populated(e)
}

// sync saves what is not saved and tells the store of the last use, if
// that is due, or when this is the end.
func (e *Entry) sync(last bool) error {
	if err := e.flush(); err != nil {
		return IgnoreEnd(err)
	}
	return IgnoreEnd(e.touch(last))
}

// nudge makes the timer ask the store at once: the session may have changed.
func (e *Entry) nudge() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stale = true
	e.armLocked(0)
}

// mustAsk tells whether the store is to be asked without an event: the session
// may be over, or is used between events.
func (e *Entry) mustAsk() bool {
	if e.ended.Load() != nil {
		return false
	}
	if e.behind() {
		return true
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return !time.Now().Before(e.expiry)
}

// learn notes when the session ends if it is not used.
func (e *Entry) learn(expiry time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learnLocked(expiry)
}

// learnLocked is learn with e.mu held. A backend that cannot tell gives the
// zero time: then it is our own guess, and put off for as long as the session
// is still there when it has passed.
func (e *Entry) learnLocked(expiry time.Time) {
	if expiry.IsZero() {
		e.guessed = true
		now := time.Now()
		expiry = e.store.Life(e.base.Deadline, e.touched).Expiry
		if !expiry.After(now) {
			expiry = now.Add(max(time.Second, e.manager.IdleTimeout/TouchShare))
		}
	}
	e.expiry = expiry
	e.armLocked(time.Until(expiry))
}

// NoteUse notes that a member uses the session. The store hears of it at once when it has not
// heard for a tenth of the idle timeout, and otherwise when that time is over.
func (e *Entry) NoteUse() {
	idle := e.manager.IdleTimeout
	if idle <= 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.used = time.Now()
	e.armLocked(max(0, e.touched.Add(idle/TouchShare).Sub(e.used)))
}

// noteTouch notes that the store knows of a use at the given time: a save
// moves the expiry too.
func (e *Entry) noteTouch(at time.Time, deadline time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if at.After(e.touched) {
		e.touched = at
	}
	e.learnLocked(e.store.Life(deadline, e.touched).After(e.expiry))
}

// lastUse returns when the session was last used by an event, as far as is
// known here; the zero time when it was not.
func (e *Entry) lastUse() time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lastUseLocked()
}

// lastUseLocked is lastUse with e.mu held. A backend that cannot tell when the
// session ends takes what it is told for that, and would end it if no event has
// used it for too long, though requests have: there it is used by what is saved.
func (e *Entry) lastUseLocked() time.Time {
	now := time.Now()
	if e.guessed && !e.used.Add(e.manager.IdleTimeout).After(now) {
		return now
	}
	return e.used
}

// touch tells the store of the last use when it is due, or at once.
func (e *Entry) touch(now bool) error {
	idle := e.manager.IdleTimeout
	e.exchange.Lock()
	defer e.release()
	e.mu.Lock()
	used, deadline := e.used, e.base.Deadline
	wait := time.Until(e.touched.Add(idle / TouchShare))
	pending := idle > 0 && used.After(e.touched)
	if pending && wait > 0 && !now {
		e.armLocked(wait)
		pending = false
	}
	used = e.lastUseLocked()
	e.mu.Unlock()
	if !pending {
		return nil
	}
	if err := e.store.Touch(context.Background(), e.key, deadline, used); err != nil {
		return e.failed(stageTouch, err)
	}
	e.outage.end()
	e.noteTouch(used, deadline)
	return nil
}

// retry lets the timer try a failed save again.
func (e *Entry) retry() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armLocked(e.config.retryPause())
}

// isSavedLocked tells whether there is nothing left to save or to tell. e.mu
// is held.
func (e *Entry) isSavedLocked() bool {
	return e.ended.Load() != nil || e.work == e.base && !e.used.After(e.touched)
}

func (e *Entry) isSaved() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.isSavedLocked()
}
