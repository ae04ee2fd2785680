package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// release ends an exchange, and then makes the calls of the app's that it led to.
func (e *entry) release() {
	told := e.told
	e.told = nil
	e.exchange.Unlock()
	for _, tell := range told {
		tell()
	}
}

// tell makes a call of the app's when the exchange is over. exchange is held.
func (e *entry) tell(call func()) { e.told = append(e.told, call) }

// refresh asks the store what the session is now. Changes that are not saved
// yet stay, but for those that somebody else has overwritten. The error is a
// storeError, or the Refusal of a session that has ended.
func (e *entry) refresh() error {
	start := time.Now()
	e.collect()
	defer e.collect() // which shows the calls between handlers what came of it
	e.exchange.Lock()
	defer e.release()
	if err := e.failedSince(start); err != nil {
		return err
	}
	return e.load()
}

// load is refresh for who holds exchange.
func (e *entry) load() error {
	heard := e.watch.Load().Heard(e.id) // what is heard from now on may be missing in the answer
	e.mu.Lock()
	base, stale := e.base, e.stale
	e.stale = false
	e.mu.Unlock()
	asked := time.Now()
	now, expiry, ok, err := e.sessions.store.Load(context.Background(), e.key, base)
	if seen := e.sessions.seen; seen.Observer != nil {
		e.tell(func() { seen.loaded(asked, err) })
	}
	e.mu.Lock()
	e.asked = time.Now()
	if err == nil {
		e.heard = heard
	} else {
		e.stale = e.stale || stale
	}
	if ok {
		e.learnLocked(expiry)
	}
	e.mu.Unlock()
	switch {
	case err != nil:
		return e.failed(StageLoad, err)
	case !ok:
		return e.gone()
	}
	e.sessions.outage.over()
	if now == base {
		return nil
	}
	return e.absorb(now)
}

// flush saves what is not saved yet.
func (e *entry) flush() error {
	e.collect()
	defer e.collect()
	e.exchange.Lock()
	defer e.release()
	return e.flushExchange()
}

// flushExchange is flush for who holds exchange. Where somebody else has written
// the session meanwhile, what waited is older, and gives way. What is too large
// with that is dropped.
func (e *entry) flushExchange() error {
	for attempt := 0; ; attempt++ {
		base, work := e.state()
		if work == base {
			return nil
		}
		saved, err := e.swap(base, work, work)
		if errors.Is(err, store.ErrTooLarge) {
			return errors.Join(err, e.settle(work, base)) // as if nothing had been sent
		}
		if saved || err != nil {
			return err
		}
		if err := store.Backoff(context.Background(), attempt); err != nil {
			return err
		}
	}
}

// swap makes mine, which was made from work, what the store holds, if that still
// holds base. Else what it holds is the new base. exchange is held.
func (e *entry) swap(base, work, mine *store.Snapshot) (done bool, err error) {
	used, start := e.lastUse(), time.Now()
	now, ok, err := e.sessions.store.Swap(context.Background(), e.commitOf(base, mine, used))
	e.saved(start, used, now, ok, err)
	switch {
	case err != nil:
		return false, e.failed(StageSave, err)
	case !ok:
		return false, e.absorb(now)
	}
	e.cookieChanged(base, mine)
	return true, e.settle(work, now)
}

// saved notes what became of a commit. A lost one is not saved yet.
func (e *entry) saved(start, used time.Time, now *store.Snapshot, ok bool, err error) {
	if seen := e.sessions.seen; seen.Observer != nil {
		e.tell(func() {
			if ok || err != nil {
				seen.saved(start, err)
			} else {
				seen.conflicted()
			}
		})
	}
	if err != nil {
		return
	}
	e.sessions.outage.over()
	if ok {
		e.noteTouch(used, now.Deadline)
	}
}

func (e *entry) commitOf(base, mine *store.Snapshot, used time.Time) store.Commit {
	return store.Commit{Key: e.key, ID: e.id, Base: base, Mine: mine, Used: used, By: e.watch.Load()}
}

// commit saves the changes from one snapshot to another, which are new, behind
// all that waits to be saved.
func (e *entry) commit(from, mine *store.Snapshot, by *socket) error {
	defer e.collect()
	e.exchange.Lock()
	defer e.release()
	if err := e.flushExchange(); err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		base, work := e.state()
		next, err := e.rebase(from, mine, work)
		if err != nil {
			return &storeError{StageSave, err}
		}
		done, err := e.swap(base, work, next)
		if done {
			e.announce(from, mine, by)
		}
		if done || err != nil {
			return err
		}
		if err := store.Backoff(context.Background(), attempt); err != nil {
			return err
		}
	}
}

// failed returns the error of an exchange that has failed, which need not be the
// store's fault.
func (e *entry) failed(stage string, err error) error {
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case errors.Is(err, store.ErrTooLarge):
		return err
	case errors.Is(err, store.ErrMalformed):
		return e.broken(stage, err)
	}
	e.sessions.outage.begin()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure, e.failedAt = err, time.Now()
	return &storeError{stage, err}
}

// failedSince returns the error of an exchange that has failed since, nil if none
// has: whoever waited for it need not fail by itself once more.
func (e *entry) failedSince(start time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failedAt.After(start) {
		return &storeError{StageLoad, e.failure}
	}
	return nil
}
