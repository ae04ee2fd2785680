package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/alexedwards/scs/v2"

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
		if e.behind() {
			if err := e.load(); err != nil {
				return err
			}
			continue
		}
		saved, err := e.swap(base, work, work)
		if errors.Is(err, store.ErrTooLarge) {
			return errors.Join(err, e.replace(base, func(*store.Snapshot) (*store.Snapshot, error) { return base, nil }))
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
		status := e.sessions.manager.Status(v)
		if status == scs.Destroyed {
			return e.gone()
		}
		mine, failed := e.changed(v, status, err)
		if mine == nil {
			// What change saw may be old, and so may be what it made of it.
			if asked || failed != nil && err == nil {
				return failed
			}
			asked = true
			if err := e.refresh(); err != nil {
				return err
			}
			continue
		}
		done, err := e.swapFor(base, work, mine, by)
		if done || err != nil {
			return err
		}
		if err := store.Backoff(ctx, attempt); err != nil {
			return err
		}
	}
}

// changed returns what the function of an Update has made, nil with its error.
func (e *entry) changed(v *view, status scs.Status, err error) (*store.Snapshot, error) {
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	made, err := e.changes(v, status)
	return made.mine, err
}

// openFresh returns a view whose values are nobody else's: what is done to them
// in place must not count twice.
func (e *entry) openFresh(work *store.Snapshot) (*view, error) {
	fresh, err := e.sessions.store.Fresh(work)
	if err != nil {
		return nil, &storeError{StageLoad, err}
	}
	v := e.sessions.views.open(e.token(), fresh)
	v.from.Store(work)
	return v, nil
}

// present returns base and work, which are what a swap compares.
func (e *entry) present() (base, work *store.Snapshot, err error) {
	e.collect()
	if why := e.known(); why != nil {
		return nil, nil, why
	}
	base, work = e.state()
	return base, work, nil
}

// swapFor commits mine if neither this process nor another has changed the
// session since it was made from work.
func (e *entry) swapFor(base, work, mine *store.Snapshot, by *socket) (done bool, err error) {
	defer e.collect()
	e.exchange.Lock()
	defer e.release()
	if b, w := e.state(); b != base || w != work {
		return false, nil
	}
	done, err = e.swap(base, work, mine)
	if done {
		e.announce(work, mine, by)
	}
	return done, err
}

// destroy ends the session in the store and for its sockets.
func (e *entry) destroy() error {
	e.exchange.Lock()
	defer e.release()
	if err := e.sessions.store.End(context.Background(), e.key); err != nil {
		return e.failed(StageSave, err)
	}
	e.end(refusal(CodeDestroyed))
	return nil
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
	return e.ended.Load()
}

// hearsay is how long the news of an end may take when the end itself is there to
// be seen: they come by another way.
const hearsay = 100 * time.Millisecond

// rumour returns why the session has ended when the news have come, or when they
// will not. It would be hard on a client that may come back to be told too soon
// that it may not.
func (e *entry) rumour() string {
	ctx, cancel := context.WithTimeout(context.Background(), hearsay)
	defer cancel()
	if why := e.sessions.store.AwaitEnd(ctx, e.id); why != "" {
		return string(why)
	}
	return CodeDestroyed
}
