package live

import "github.com/socketio-sessions/socketio-sessions/store"

// watchLocked starts to listen with the first session.
func (r *register) watchLocked() {
	if r.watch == nil {
		r.watch = r.store.Watch()
		go r.listen(r.watch) // ends with unwatch
	}
}

// unwatch ends the listening.
func (r *register) unwatch() {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.watch != nil {
		r.watch.Close()
	}
}

// listen passes the watch's events to the entries.
func (r *register) listen(watch *store.Watch) {
	for event := range watch.Events() {
		e := r.listener(event.ID)
		switch {
		case event.Kind == store.Missed && (e != nil || event.ID == ""):
			r.missed(event, e)
		case e != nil:
			e.hear(event)
		}
	}
}

// listener returns the entry of an id, and notes that something was heard of a
// session that is being loaded.
func (r *register) listener(id string) *Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.loading[id]; l != nil {
		l.heard = true
	}
	if id == "" {
		for _, l := range r.loading {
			l.heard = true
		}
	}
	return r.entries[id]
}

// hear handles an event of the session that this process has not caused.
func (e *Entry) hear(event store.Event) {
	switch event.Kind {
	case store.Changed:
		if e.fresh.isStale() { // a handler may have asked already
			e.nudge()
		}
	case store.Destroyed, store.Renewed, store.Expired, store.Superseded:
		e.end(event.Kind)
	}
}
