package live

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Join makes m a member of the session under a store key, and returns it; nil when
// there is no such session. The token may be "" if nobody knows it. Join listens,
// loads and then registers, and asks again when it has heard something in between.
// Errors: [ErrFull], an [End], or a [StoreError].
func (b *Book) Join(m Member, key, token string) (*Entry, error) {
	id := store.ID(key)
	e, err := b.joinKnown(m, id)
	if err != nil {
		return nil, err
	}
	if e == nil {
		if e, err = b.joinLoaded(m, id, key, token); e != nil {
			b.prober.start()
		}
		return e, err
	}
	e.identify(token)
	if err = e.refresh(); err != nil { // it may have ended elsewhere
		b.drop(e, m)
	}
	return e, err
}

// Leave ends a membership. It saves the session, tells the store of the last use,
// and forgets the session with the last member. It tries again to save what cannot
// be saved, until that succeeds.
func (e *Entry) Leave(m Member) {
	if err := e.sync(true); err != nil {
		e.host.Failed(stageSave, e.id, err)
		e.retry()
	}
	e.register.drop(e, m)
}

// joinKnown adds m to the entry of an id. If there is none it returns nil and begins
// to load it, which joinLoaded ends.
func (r *register) joinKnown(m Member, id string) (*Entry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[id]; e != nil {
		if err := r.addLocked(e, m); err != nil {
			return nil, err
		}
		return e, nil
	}
	r.watchLocked()
	r.loadLocked(id)
	return nil, nil
}

// joinLoaded loads a session, and adds m to its entry, which somebody else may have
// made meanwhile.
func (r *register) joinLoaded(m Member, id, key, token string) (*Entry, error) {
	start, before := time.Now(), r.heardOf(id)
	found, expiry, ok, err := r.store.Load(context.Background(), key, nil)
	if count := r.config.Loaded; count != nil {
		count(start, err)
	}
	switch {
	case err == nil:
		r.outage.end()
	case !errors.Is(err, store.ErrMalformed): // that is not the store's fault
		r.outage.begin()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.entries[id]
	if ok && err == nil && e == nil {
		e = r.newEntryLocked(key, token, id, found)
		e.fresh.known.heard = before // what came since may be missing in the answer
		e.clock.learn(expiry, found.Deadline)
		r.entries[id] = e
	}
	// Only now, or the watch would forget the id and what it has heard of it.
	heard := r.loadedLocked(id)
	switch {
	case err != nil:
		return nil, &StoreError{stageLoad, err}
	case !ok:
		return nil, nil
	}
	e.identify(token)
	if heard {
		e.nudge()
	}
	if err := r.addLocked(e, m); err != nil {
		return nil, err
	}
	return e, nil
}

// heardOf counts what the watch has heard of an id that it follows.
func (r *register) heardOf(id string) uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.watch.Heard(id)
}

// newEntryLocked makes the entry of a session. The token is "" if nobody knows it: a
// ticket keeps the store key, which may be a hash. Then SCS gets a stand-in, which
// names no session.
func (r *register) newEntryLocked(key, token, id string, found *store.Snapshot) *Entry {
	if token == "" {
		token = rand.Text()
	}
	now := time.Now()
	e := &Entry{env: r.env, register: r, key: key, name: token, id: id, turn: newTurn()}
	e.draft.base, e.draft.work, e.draft.yielding = found, found, r.yielding[id]
	e.clock.env, e.clock.tick = r.env, e.tick
	e.fresh.id, e.fresh.asked = id, now
	e.fresh.watch = r.watch
	e.shared.env = r.env
	e.lastDue.Store(now.UnixNano())
	return e
}
