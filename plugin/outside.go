package plugin

import (
	"reflect"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// peek returns the session data for a call between handlers: by a goroutine,
// or by a handler that was registered on the server itself. Every such call
// sees the same data. What it changes is collected before the next event, and
// when the timer fires, which also asks the store what others have changed.
func (e *entry) peek() any {
	e.mu.Lock()
	stale := e.outside != nil && e.outside.from != e.work
	e.mu.Unlock()
	if stale {
		_ = e.collect() // it ends the session if there is an error
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.outside == nil {
		e.outside = e.openOutside()
	}
	e.stale = e.stale || !e.sessions.store.Hears()
	e.armLocked(e.sessions.options.FlushInterval)
	return e.outside.data
}

// openOutside opens a view that shares no map or slice with the handlers': they
// run at the same time.
func (e *entry) openOutside() *view {
	v, err := e.openFresh(e.work)
	if err != nil {
		v = e.sessions.views.open(e.token, e.work)
	}
	return v
}

// collect makes what was changed between handlers part of the work, and shows
// there what the work has become. The error says that the session was
// destroyed there. A value that cannot be stored is dropped and reported: it
// must not keep others from being saved.
func (e *entry) collect() error {
	e.mu.Lock()
	destroyed := e.outside != nil && e.sessions.manager.Status(e.outside) == scs.Destroyed
	var err error
	before := e.work
	if e.outside != nil && !destroyed {
		err = e.collectLocked()
	}
	after := e.work
	e.mu.Unlock()
	e.announce(before, after, nil) // nobody knows whose goroutine it was
	if destroyed {
		return e.destroyed()
	}
	if err != nil {
		e.sessions.report(StageSave, e.id, err)
	}
	return nil
}

func (e *entry) collectLocked() error {
	s, v := e.sessions, e.outside
	var dropped error
	if s.manager.Status(v) == scs.Modified {
		mine, err := e.encode(v)
		if err != nil {
			dropped = err
			if mine, err = e.encodeWhatCan(v); err != nil {
				return err
			}
		}
		same, err := s.store.Same(v.from, mine)
		if err == nil && !same {
			err = e.adoptLocked(v.from, mine)
		}
		if err != nil {
			return err
		}
	}
	e.showLocked(v)
	return dropped
}

// encodeWhatCan drops the values that cannot be stored, and encodes the rest.
func (e *entry) encodeWhatCan(v *view) (*store.Snapshot, error) {
	deadline, values := e.sessions.views.read(v)
	for key, value := range values {
		if _, err := e.sessions.store.Encode(deadline, map[string]any{key: value}); err != nil {
			e.sessions.manager.Remove(v, key)
		}
	}
	return e.encode(v)
}

// showLocked makes the data of v what the work is. It stays the same object: a
// goroutine may hold it and be about to write.
func (e *entry) showLocked(v *view) {
	manager := e.sessions.manager
	work, err := e.sessions.store.Fresh(e.work)
	if err != nil {
		return // our own bytes: they were encoded here
	}
	deadline, values := e.sessions.views.read(v)
	for key, value := range work.Values {
		if old, ok := values[key]; !ok || !reflect.DeepEqual(old, value) {
			manager.Put(v, key, value)
		}
	}
	for key := range values {
		if _, ok := work.Values[key]; !ok {
			manager.Remove(v, key)
		}
	}
	if !deadline.Equal(e.work.Deadline) {
		manager.SetDeadline(v, e.work.Deadline)
	}
	v.from = e.work
}
