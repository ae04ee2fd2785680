package live

import "github.com/socketio-sessions/socketio-sessions/store"

// loading is a session that is being loaded for the first time.
type loading struct {
	members int  // how many load it
	heard   bool // something was heard of it meanwhile
}

// loadedLocked ends a member's loading and tells whether something was heard
// of the session meanwhile. b.mu is held.
func (b *Book) loadedLocked(id string) (heard bool) {
	l := b.loading[id]
	heard = l.heard
	if l.members--; l.members > 0 {
		return heard
	}
	delete(b.loading, id)
	if b.entries[id] == nil {
		b.watch.Unfollow(id)
	}
	return heard
}

// listenLocked starts to listen with the first session. b.mu is held.
func (b *Book) listenLocked() {
	if b.watch == nil {
		b.watch = b.store.Watch()
		go b.listen(b.watch)
	}
}

// listen brings what becomes of sessions elsewhere to their entries. It ends
// with Close, or when the watch was too slow and is made anew.
func (b *Book) listen(watch *store.Watch) {
	for event := range watch.Events() {
		if e := b.listener(event.ID); e != nil {
			e.hear(event)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.Load() {
		return
	}
	b.watch = b.store.Watch()
	for id, l := range b.loading {
		l.heard = true
		b.watch.Follow(id)
	}
	for id, e := range b.entries {
		b.watch.Follow(id)
		e.watch.Store(b.watch)
		e.nudge()
	}
	go b.listen(b.watch)
}

// listener returns the entry of an id, and notes that something was heard of a
// session that is being loaded.
func (b *Book) listener(id string) *Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.loading[id]; l != nil {
		l.heard = true
	}
	return b.entries[id]
}

// hear takes in what became of the session elsewhere.
func (e *Entry) hear(event store.Event) {
	switch event.Kind {
	case store.Changed, store.Missed:
		if e.behind() { // a handler may have asked already
			e.nudge()
		}
	case store.Destroyed, store.Renewed, store.Expired:
		e.end(event.Kind)
	case store.Said:
		e.host.Said(e, event.Data)
	}
}
