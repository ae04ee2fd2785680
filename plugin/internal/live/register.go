package live

import (
	"maps"
	"slices"
	"sync"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A register has the entries of a Book, and follows their sessions.
type register struct {
	*env
	mu       sync.RWMutex
	entries  map[string]*Entry   // by id
	loading  map[string]*loading // by id
	yielding map[string]int      // by id: how many requests renew it
	watch    *store.Watch        // made with the first entry

	missed func(store.Event, *Entry) // handles news of the kind Missed
}

func newRegister(e *env) *register {
	return &register{
		env:      e,
		entries:  make(map[string]*Entry),
		loading:  make(map[string]*loading),
		yielding: make(map[string]int),
	}
}

// entry returns the entry of an id, nil when there is none.
func (r *register) entry(id string) *Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.entries[id]
}

func (r *register) len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.entries)
}

func (r *register) all() []*Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.AppendSeq(make([]*Entry, 0, len(r.entries)), maps.Values(r.entries))
}

// Members returns the members of the session.
func (e *Entry) Members() []Member {
	e.register.mu.RLock()
	defer e.register.mu.RUnlock()
	return slices.Clone(e.members)
}

// hasMembers reports whether an entry has members.
func (r *register) hasMembers(e *Entry) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(e.members) > 0
}

// addLocked adds a member to an entry, unless that has Config.MaxSeats without its
// seat.
func (r *register) addLocked(e *Entry, m Member) error {
	if r.isFullLocked(e, m) {
		return ErrFull
	}
	e.members = append(e.members, m)
	return nil
}

func (r *register) isFullLocked(e *Entry, m Member) bool {
	limit := r.config.MaxSeats
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

// drop takes a member from an entry.
func (r *register) drop(e *Entry, m Member) {
	r.mu.Lock()
	e.members = slices.DeleteFunc(e.members, func(other Member) bool { return other == m })
	r.mu.Unlock()
	r.retire(e)
}

// retire removes an entry that has no members and nothing to save, and reports
// whether it did.
func (r *register) retire(e *Entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(e.members) > 0 || !e.draft.ifSaved(e.clock.rest) {
		return false
	}
	r.removeLocked(e)
	return true
}

// remove removes an entry that has ended.
func (r *register) remove(e *Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removeLocked(e)
}

func (r *register) removeLocked(e *Entry) {
	if r.entries[e.id] == e {
		delete(r.entries, e.id)
		r.watch.Unfollow(e.id)
	}
}

// yield lets nobody change a session any more, and returns its entry, nil when there
// is none. Call yielded afterwards.
func (r *register) yield(id string) *Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.yielding[id]++
	e := r.entries[id]
	if e != nil {
		e.draft.yield(1)
	}
	return e
}

// yielded lets everybody change a session again, if it has not ended and no other
// request renews it.
func (r *register) yielded(id string, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.yielding[id]--; r.yielding[id] == 0 {
		delete(r.yielding, id)
	}
	if e := r.entries[id]; e != nil && !ended {
		e.draft.yield(-1)
	}
}

// loading is a session that is being loaded for the first time.
type loading struct {
	members int  // how many load it
	heard   bool // something was heard of it meanwhile
}

// loadLocked begins a member's loading of a session that has no entry: what is heard
// of it is noted from now on.
func (r *register) loadLocked(id string) {
	r.watch.Follow(id)
	l := r.loading[id]
	if l == nil {
		l = &loading{}
		r.loading[id] = l
	}
	l.members++
}

// loadedLocked ends a member's loading and reports whether something was heard of
// the session meanwhile.
func (r *register) loadedLocked(id string) (heard bool) {
	l := r.loading[id]
	heard = l.heard
	if l.members--; l.members > 0 {
		return heard
	}
	delete(r.loading, id)
	if r.entries[id] == nil {
		r.watch.Unfollow(id)
	}
	return heard
}
