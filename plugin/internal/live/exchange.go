package live

import (
	"context"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// release ends an exchange, and then makes the calls of the app's that it led to.
func (e *Entry) release() {
	told := e.told
	e.told = nil
	e.exchange.Unlock()
	for _, tell := range told {
		tell()
	}
}

// tell makes a call of the app's when the exchange is over. exchange is held.
func (e *Entry) tell(call func()) { e.told = append(e.told, call) }

// refresh asks the store what the session is now. Changes that are not saved
// yet stay, but for those that somebody else has overwritten. The error is a
// StoreError, or the End of a session that is over.
func (e *Entry) refresh() error {
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
func (e *Entry) load() error {
	heard := e.watch.Load().Heard(e.id) // what is heard from now on may be missing in the answer
	e.mu.Lock()
	base, stale := e.base, e.stale
	e.stale = false
	e.mu.Unlock()
	asked := time.Now()
	now, expiry, ok, err := e.store.Load(context.Background(), e.key, base)
	if count := e.config.Loaded; count != nil {
		e.tell(func() { count(asked, err) })
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
		return e.failed(stageLoad, err)
	case !ok:
		return e.gone()
	}
	e.outage.end()
	if now == base {
		return nil
	}
	return e.absorb(now)
}

// flush saves what is not saved yet.
func (e *Entry) flush() error {
	e.collect()
	defer e.collect()
	e.exchange.Lock()
	defer e.release()
	return e.flushExchange()
}

// flushExchange is flush for who holds exchange. Where somebody else has written
// the session meanwhile, what waited is older, and gives way. What is too large
// with that is dropped.
func (e *Entry) flushExchange() error {
	return e.store.Retry(context.Background(), func() (done bool, err error) {
		base, work := e.state()
		if work == base {
			return true, nil
		}
		done, err = e.swap(base, work, work)
		if errors.Is(err, store.ErrTooLarge) {
			err = errors.Join(err, e.landed(work, base)) // as if nothing had been sent
		}
		return done, err
	})
}

// swap makes mine, which was made from work, what the store holds, if that still
// holds base. Else what it holds is the new base. exchange is held.
func (e *Entry) swap(base, work, mine *store.Snapshot) (done bool, err error) {
	used, start := e.lastUse(), time.Now()
	now, ok, err := e.store.Swap(context.Background(), e.commitOf(base, mine, used))
	e.saved(start, used, now, ok, err)
	switch {
	case err != nil:
		return false, e.failed(stageSave, err)
	case !ok:
		return false, e.absorb(now)
	}
	e.host.Saved(e, base, mine)
	return true, e.landed(work, now)
}

// saved notes what became of a commit. A lost one is not saved yet.
func (e *Entry) saved(start, used time.Time, now *store.Snapshot, ok bool, err error) {
	e.count(start, ok, err)
	if err != nil {
		return
	}
	e.outage.end()
	if ok {
		e.noteTouch(used, now.Deadline)
	}
}

// count counts a commit when the exchange is over.
func (e *Entry) count(start time.Time, ok bool, err error) {
	config := &e.config
	switch {
	case !ok && err == nil:
		if config.Conflicted != nil {
			e.tell(config.Conflicted)
		}
	case config.Saved != nil:
		e.tell(func() { config.Saved(start, err) })
	}
}

func (e *Entry) commitOf(base, mine *store.Snapshot, used time.Time) store.Commit {
	return store.Commit{Key: e.key, ID: e.id, Base: base, Mine: mine, Used: used, By: e.watch.Load()}
}

// commit saves the changes from one snapshot to another, which are new, behind
// all that waits to be saved.
func (e *Entry) commit(from, mine *store.Snapshot, by Member) error {
	defer e.collect()
	e.exchange.Lock()
	defer e.release()
	if err := e.flushExchange(); err != nil {
		return err
	}
	return e.store.Retry(context.Background(), func() (done bool, err error) {
		base, work := e.state()
		next, err := e.rebase(from, mine, work)
		if err != nil {
			return false, &StoreError{stageSave, err}
		}
		done, err = e.swap(base, work, next)
		if done {
			e.host.Changed(e, from, mine, by)
		}
		return done, err
	})
}

// failed returns the error of an exchange that has failed, which need not be the
// store's fault.
func (e *Entry) failed(stage string, err error) error {
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case errors.Is(err, store.ErrTooLarge):
		return err
	case errors.Is(err, store.ErrMalformed):
		return e.broken(stage, err)
	}
	e.outage.begin()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure, e.failedAt = err, time.Now()
	return &StoreError{stage, err}
}

// failedSince returns the error of an exchange that has failed since, nil if none
// has: whoever waited for it need not fail by itself once more.
func (e *Entry) failedSince(start time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.failedAt.After(start) {
		return &StoreError{stageLoad, e.failure}
	}
	return nil
}
