package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// ErrFull is returned by [Book.Join] for a session that has Config.MaxSeats.
var ErrFull = errors.New("sessions: the session has no seat left")

// Join makes m a member of the session under a store key, and returns it; nil when
// there is no such session. The token may be "", where nobody knows it. It listens,
// loads and then registers, and looks again when it has heard something in between.
// Errors: [ErrFull], an [End], or a [StoreError].
func (b *Book) Join(m Member, key, token string) (*Entry, error) {
	id := store.ID(key)
	e, err := b.share(m, id)
	if err != nil {
		return nil, err
	}
	if e != nil {
		e.identify(token)
		// It is known here, but it may have ended elsewhere.
		err := e.refresh()
		if err != nil {
			b.drop(e, m)
		}
		return e, err
	}
	start, before := time.Now(), b.heardOf(id)
	found, expiry, ok, err := b.store.Load(context.Background(), key, nil)
	if count := b.config.Loaded; count != nil {
		count(start, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e = b.entries[id]
	if ok && err == nil && e == nil {
		e = newEntry(b, key, token, id, found)
		e.heard = before // what came since may be missing in the answer
		e.yielding = b.yielding[id]
		e.learn(expiry)
		b.entries[id] = e
		b.startProbeLocked()
	}
	// With the entry there, or the id would be let go, and what is heard with it.
	heard := b.loadedLocked(id)
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
	if b.fullLocked(e, m) {
		return nil, ErrFull
	}
	e.members = append(e.members, m)
	return e, nil
}

// Leave ends a membership. It saves the session, tells the store of the last use,
// and forgets the session with the last member. What cannot be saved is tried
// again until it is.
func (e *Entry) Leave(m Member) {
	if err := e.sync(true); err != nil {
		e.host.Failed(stageSave, e.id, err)
		e.retry()
	}
	e.book.drop(e, m)
}

// Members returns the members of the session.
func (e *Entry) Members() []Member {
	e.book.mu.RLock()
	defer e.book.mu.RUnlock()
	return slices.Clone(e.members)
}

// heardOf counts what the watch has heard of an id that it follows.
func (b *Book) heardOf(id string) uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.watch.Heard(id)
}

// fullLocked reports whether an entry has as many seats as it may have, without
// that of m. b.mu is held.
func (b *Book) fullLocked(e *Entry, m Member) bool {
	limit := b.config.MaxSeats
	if limit == 0 || len(e.members) < limit {
		return false
	}
	seats := make(map[any]struct{}, limit)
	for _, other := range e.members {
		seats[other.Seat()] = struct{}{}
	}
	_, in := seats[m.Seat()]
	return !in && len(seats) >= limit
}

// share adds m to the entry of an id. Where there is none it returns nil, and
// events of the id are noted from then on, until loadedLocked.
func (b *Book) share(m Member, id string) (*Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.entries[id]; e != nil {
		if b.fullLocked(e, m) {
			return nil, ErrFull
		}
		e.members = append(e.members, m)
		return e, nil
	}
	b.listenLocked()
	b.watch.Follow(id)
	l := b.loading[id]
	if l == nil {
		l = &loading{}
		b.loading[id] = l
	}
	l.members++
	return nil, nil
}

// drop takes a member from an entry.
func (b *Book) drop(e *Entry, m Member) {
	b.mu.Lock()
	e.members = slices.DeleteFunc(e.members, func(other Member) bool { return other == m })
	b.mu.Unlock()
	b.retire(e)
}

// retire forgets an entry that has no members and nothing to save, and reports
// whether it did.
func (b *Book) retire(e *Entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.members) > 0 || !e.isSavedLocked() {
		return false
	}
	b.removeLocked(e)
	e.disarmLocked()
	return true
}

// forget takes an entry that has ended out.
func (b *Book) forget(e *Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removeLocked(e)
}

func (b *Book) removeLocked(e *Entry) {
	if b.entries[e.id] == e {
		delete(b.entries, e.id)
		b.watch.Unfollow(e.id)
	}
}

// populated reports whether an entry has members.
func (b *Book) populated(e *Entry) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(e.members) > 0
}
