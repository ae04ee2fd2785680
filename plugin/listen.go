package plugin

import "github.com/socketio-sessions/socketio-sessions/store"

// loading is a session that is being loaded for the first time.
type loading struct {
	sockets int  // how many load it
	heard   bool // something was heard of it meanwhile
}

// loadedLocked ends a socket's loading and tells whether something was heard
// of the session meanwhile. s.mu is held.
func (s *Sessions) loadedLocked(id string) (heard bool) {
	l := s.loading[id]
	heard = l.heard
	if l.sockets--; l.sockets > 0 {
		return heard
	}
	delete(s.loading, id)
	if s.entries[id] == nil {
		s.watch.Unfollow(id)
	}
	return heard
}

// listenLocked starts to listen with the first session. s.mu is held.
func (s *Sessions) listenLocked() {
	if s.watch == nil {
		s.watch = s.store.Watch()
		go s.listen(s.watch)
	}
}

// listen brings what becomes of sessions elsewhere to their entries. It ends
// with Close, or when the watch was too slow and is made anew.
func (s *Sessions) listen(watch *store.Watch) {
	for event := range watch.Events() {
		if e := s.listener(event.ID); e != nil {
			e.hear(event)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return
	}
	s.watch = s.store.Watch()
	for id, l := range s.loading {
		l.heard = true
		s.watch.Follow(id)
	}
	for id, e := range s.entries {
		s.watch.Follow(id)
		e.watch.Store(s.watch)
		e.nudge()
	}
	go s.listen(s.watch)
}

// listener returns the entry of an id, and notes that something was heard of a
// session that is being loaded.
func (s *Sessions) listener(id string) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.loading[id]; l != nil {
		l.heard = true
	}
	return s.entries[id]
}

// hear takes in what became of the session elsewhere.
func (e *entry) hear(event store.Event) {
	switch event.Kind {
	case store.Changed, store.Missed:
		if e.behind() { // a handler may have asked already
			e.nudge()
		}
	case store.Destroyed, store.Renewed, store.Expired:
		e.end(refusal(string(event.Kind)))
	case store.Said:
		e.deliver(event.Data)
	}
}

// keeper is the Sessions as the store asks it before others go on.
type keeper struct{ *Sessions }

var _ store.Keeper = keeper{}

// Settle implements [store.Keeper].
func (s keeper) Settle(id string) {
	if e := s.entry(id); e != nil {
		e.save()
	}
}

// Yield implements [store.Keeper].
func (s keeper) Yield(id string) func(ended bool) {
	e := s.entry(id)
	if e == nil {
		return func(bool) {}
	}
	e.collect()
	e.yield(true)
	e.save()
	return func(ended bool) { e.yield(ended) }
}

// entry returns the session of an id, nil when nobody has it here.
func (s *Sessions) entry(id string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.entries[id]
}

// save saves what waits to be saved, on behalf of somebody else.
func (e *entry) save() {
	if err := ignoreEnd(e.flush()); err != nil {
		e.sessions.report(StageSave, e.id, err)
	}
}

// yield lets nobody change the session any more, or everybody again.
func (e *entry) yield(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.yielding = on
}
