package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// refresh asks the store what the session is now. Changes that are not saved
// yet stay. The error is a storeError, or the Refusal of a session that has
// ended.
func (e *entry) refresh() error {
	start := time.Now()
	e.exchange.Lock()
	defer e.exchange.Unlock()
	if err := e.failedSince(start); err != nil {
		return err
	}
	e.mu.Lock()
	stale := e.stale
	e.stale = false // what is heard from now on may be missing in the answer
	e.mu.Unlock()
	base := e.base.Load()
	asked := time.Now()
	now, expiry, ok, err := e.sessions.store.Load(context.Background(), e.key, base)
	e.sessions.seen.loaded(asked, err)
	e.mu.Lock()
	e.asked = time.Now()
	e.stale = e.stale || stale && err != nil
	if ok {
		e.learnLocked(expiry)
	}
	e.mu.Unlock()
	switch {
	case err != nil:
		return e.failed(StageLoad, err)
	case !ok:
		return e.gone()
	case now == base:
		return nil
	}
	defer e.announce(base, now, nil)
	return e.settle(base, now)
}

// flush saves what is not saved yet.
func (e *entry) flush() error {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	if err := e.collect(); err != nil {
		return err
	}
	e.mu.Lock()
	work := e.work
	e.mu.Unlock()
	if work == e.base.Load() {
		return nil
	}
	return e.save(work, work, nil)
}

// commit saves the changes from one snapshot to another, with all that is not
// saved yet.
func (e *entry) commit(from, mine *store.Snapshot, by *socket) (err error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	work := e.work
	e.mu.Unlock()
	if work != from {
		if mine, err = e.sessions.store.Rebase(from, mine, work); err != nil {
			return &storeError{StageSave, err}
		}
	}
	return e.save(work, mine, by)
}

// save commits mine, which holds everything in work. exchange is held.
func (e *entry) save(work, mine *store.Snapshot, by *socket) error {
	used, start := e.lastUse(), time.Now()
	saved, err := e.sessions.store.Save(context.Background(), e.commitOf(e.base.Load(), mine, used))
	e.sessions.seen.saved(start, err)
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case err != nil:
		return e.failed(StageSave, err)
	}
	if saved != mine {
		e.sessions.seen.conflicted()
	}
	e.noteTouch(used, saved.Deadline)
	defer e.announce(mine, saved, nil)
	defer e.announce(work, mine, by)
	return e.settle(work, saved)
}

func (e *entry) commitOf(base, mine *store.Snapshot, used time.Time) store.Commit {
	return store.Commit{Key: e.key, ID: e.id, Base: base, Mine: mine, Used: used, By: e.watch}
}

// update commits what change makes of the session as it is now, and runs it
// again for as long as somebody else was faster. It returns change's error.
func (e *entry) update(ctx context.Context, by *socket, change func(*view) error) error {
	asked := false
	for attempt := 0; ; attempt++ {
		base, work, err := e.present()
		if err != nil {
			return err
		}
		v, err := e.openFresh(work)
		if err != nil {
			return err
		}
		err = change(v)
		if e.sessions.manager.Status(v) == scs.Destroyed {
			return e.destroyed()
		}
		if err != nil || !e.sessions.modified(v) {
			// What change saw may be old, and so may be what it made of it.
			if asked {
				return err
			}
			asked = true
			if err := e.refresh(); err != nil {
				return err
			}
			continue
		}
		mine, err := e.encode(v)
		if err != nil {
			return err
		}
		done, err := e.swap(base, work, mine, by)
		if done || err != nil {
			return err
		}
		if err := store.Backoff(ctx, attempt); err != nil {
			return err
		}
	}
}

// openFresh returns a view whose values are nobody else's: what change does in
// place must not count twice.
func (e *entry) openFresh(work *store.Snapshot) (*view, error) {
	fresh, err := e.sessions.store.Fresh(work)
	if err != nil {
		return nil, &storeError{StageLoad, err}
	}
	v := e.sessions.views.open(e.token, fresh)
	v.from = work
	return v, nil
}

// present returns base and work, which are what a swap compares.
func (e *entry) present() (base, work *store.Snapshot, err error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	if err := e.collect(); err != nil {
		return nil, nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended != nil {
		return nil, nil, e.ended
	}
	return e.base.Load(), e.work, nil
}

// swap commits mine if neither this process nor another has changed the
// session since it was made from work.
func (e *entry) swap(base, work, mine *store.Snapshot, by *socket) (done bool, err error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	moved := e.work != work || e.base.Load() != base
	e.mu.Unlock()
	if moved {
		return false, nil
	}
	used, start := e.lastUse(), time.Now()
	now, ok, err := e.sessions.store.Swap(context.Background(), e.commitOf(base, mine, used))
	if ok || err != nil {
		e.sessions.seen.saved(start, err)
	}
	switch {
	case errors.Is(err, store.ErrGone):
		return false, e.gone()
	case err != nil:
		return false, e.failed(StageSave, err)
	case !ok:
		e.sessions.seen.conflicted()
		defer e.announce(base, now, nil)
		return false, e.settle(base, now)
	}
	e.noteTouch(used, now.Deadline)
	defer e.announce(work, mine, by)
	return true, e.settle(work, now)
}

// destroy ends the session in the store and for its sockets.
func (e *entry) destroy() error {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	if err := e.sessions.store.End(context.Background(), e.key); err != nil {
		return e.failed(StageSave, err)
	}
	e.end(refusal(CodeDestroyed))
	return nil
}

// destroyed ends a session that was destroyed by the manager. Where a ticket
// opened it and the store knows only the token's hash, SCS did not know the
// session's key, and has destroyed nothing.
func (e *entry) destroyed() error {
	if e.sessions.store.Key(e.token) != e.key {
		if err := e.sessions.store.End(context.Background(), e.key); err != nil {
			return e.failed(StageSave, err)
		}
	}
	return e.gone()
}

// gone ends a session that the store has no more, and returns why.
func (e *entry) gone() error {
	e.mu.Lock()
	over := !time.Now().Before(e.expiry)
	e.mu.Unlock()
	code := string(e.sessions.store.Ended(e.id))
	switch {
	case code == "" && over:
		code = CodeExpired
		e.sessions.store.Expire(e.id)
	case code == "":
		code = e.rumour()
	}
	e.end(refusal(code))
	return e.refusal()
}

// hearsay is how long the news of an end may take when the end itself is there to
// be seen: they come by another way.
const hearsay = 100 * time.Millisecond

// rumour returns why the session has ended when the news have come, or when they
// will not. It would be hard on a client that may come back to be told too soon
// that it may not.
func (e *entry) rumour() string {
	again := time.NewTicker(hearsay / 20)
	defer again.Stop()
	for late := time.Now().Add(hearsay); time.Now().Before(late); <-again.C {
		if why := e.sessions.store.Ended(e.id); why != "" {
			return string(why)
		}
	}
	return CodeDestroyed
}

// modified tells whether a view was changed, or may have been.
func (s *Sessions) modified(v *view) bool {
	if v.changed || s.manager.Status(v) != scs.Modified {
		return v.changed
	}
	if !v.reused {
		return true
	}
	deadline, values := s.views.read(v)
	return !v.from.Holds(deadline, values)
}
