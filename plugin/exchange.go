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
	e.exchange.Lock()
	defer e.exchange.Unlock()
	base := e.base.Load()
	now, ok, err := e.sessions.store.Refresh(context.Background(), e.key, base)
	e.mu.Lock()
	e.asked = time.Now()
	e.mu.Unlock()
	switch {
	case err != nil:
		return &storeError{StageLoad, err}
	case !ok:
		return e.gone()
	case now == base:
		return nil
	}
	return e.settle(base, now)
}

// flush saves what is not saved yet.
func (e *entry) flush() error {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	err := e.collectLocked()
	work := e.work
	e.mu.Unlock()
	if err != nil || work == e.base.Load() {
		return err
	}
	return e.save(work, work)
}

// commit saves a view's changes, with all that is not saved yet.
func (e *entry) commit(v *view) error {
	mine, err := e.encode(v)
	if err != nil {
		return err
	}
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	work := e.work
	e.mu.Unlock()
	if work != v.from {
		if mine, err = e.sessions.store.Rebase(v.from, mine, work); err != nil {
			return &storeError{StageSave, err}
		}
	}
	return e.save(work, mine)
}

// save commits mine, which holds everything in work. exchange is held.
func (e *entry) save(work, mine *store.Snapshot) error {
	started := time.Now()
	saved, err := e.sessions.store.Save(context.Background(), e.key, e.base.Load(), mine)
	switch {
	case errors.Is(err, store.ErrGone):
		return e.gone()
	case err != nil:
		return &storeError{StageSave, err}
	}
	e.noteTouch(started)
	return e.settle(work, saved)
}

// update commits what change makes of the session as it is now, and runs it
// again for as long as somebody else was faster. It returns change's error.
func (e *entry) update(ctx context.Context, change func(*view) error) error {
	asked := false
	for attempt := 0; ; attempt++ {
		base, work, err := e.present()
		if err != nil {
			return err
		}
		v := e.sessions.views.open(e.token, work)
		err = change(v)
		if e.sessions.manager.Status(v) == scs.Destroyed {
			e.end(refusal(CodeDestroyed))
			return e.refusal()
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
		done, err := e.swap(base, work, mine)
		if done || err != nil {
			return err
		}
		if err := store.Backoff(ctx, attempt); err != nil {
			return err
		}
	}
}

// present returns base and work, which are what a swap compares.
func (e *entry) present() (base, work *store.Snapshot, err error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended != nil {
		return nil, nil, e.ended
	}
	err = e.collectLocked()
	return e.base.Load(), e.work, err
}

// swap commits mine if neither this process nor another has changed the
// session since it was made from work.
func (e *entry) swap(base, work, mine *store.Snapshot) (done bool, err error) {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	e.mu.Lock()
	moved := e.work != work || e.base.Load() != base
	e.mu.Unlock()
	if moved {
		return false, nil
	}
	started := time.Now()
	now, ok, err := e.sessions.store.Swap(context.Background(), e.key, base, mine)
	switch {
	case errors.Is(err, store.ErrGone):
		return false, e.gone()
	case err != nil:
		return false, &storeError{StageSave, err}
	case !ok:
		return false, e.settle(base, now)
	}
	e.noteTouch(started)
	return true, e.settle(work, now)
}

// destroy ends the session in the store and for its sockets.
func (e *entry) destroy() error {
	e.exchange.Lock()
	defer e.exchange.Unlock()
	if err := e.sessions.store.End(context.Background(), e.key); err != nil {
		return &storeError{StageSave, err}
	}
	e.end(refusal(CodeDestroyed))
	return nil
}

// gone ends a session that the store has no more, and returns why.
func (e *entry) gone() error {
	e.mu.Lock()
	base := e.base.Load()
	end := base.Deadline
	if !base.Expiry.IsZero() {
		end = base.Expiry
	}
	if used := e.touched.Add(e.sessions.manager.IdleTimeout); used.After(end) {
		end = used
	}
	e.mu.Unlock()
	code := CodeExpired
	if time.Now().Before(end) {
		code = CodeDestroyed
	}
	e.end(refusal(code))
	return e.refusal()
}

// modified tells whether a view was changed.
func (s *Sessions) modified(v *view) bool {
	return v.changed || s.manager.Status(v) == scs.Modified
}
