package plugin

import (
	"slices"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// announce lets the sockets of a session hear of a change, but for the one that
// made it.
func (e *entry) announce(from, to *store.Snapshot, by *socket) {
	if !e.sessions.tellsChanges || from == to {
		return
	}
	keys := to.Since(from)
	if len(keys) == 0 {
		return
	}
	for _, so := range e.sessions.listeners(e, by) {
		so.noteChange(keys)
	}
}

// listeners returns the sockets of an entry that want to hear of changes.
func (s *Sessions) listeners(e *entry, but *socket) (sockets []*socket) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, so := range e.sockets {
		if so != but && so.namespace.onChange != nil {
			sockets = append(sockets, so)
		}
	}
	return sockets
}

// noteChange adds keys to those that the socket is to be told of.
func (so *socket) noteChange(keys []string) {
	so.changedMu.Lock()
	waiting := so.changed != nil
	so.changed = append(so.changed, keys...)
	so.changedMu.Unlock()
	if !waiting {
		so.changes.put(so.sessions, so.tellChange)
	}
}

// tellChange runs OnChange with all that has changed until its turn has come.
func (so *socket) tellChange() {
	so.ready.wait()
	if !so.admitted || so.why.Load() != nil || so.left.isClosed() {
		return
	}
	set := so.namespace.handlers()
	err := so.run(set, func(s *Session) error {
		if keys := so.takeChanged(); len(keys) > 0 && !so.left.isClosed() {
			so.namespace.onChange(so.conn, s, keys)
		}
		return nil
	})
	if err == nil {
		return
	}
	so.report(StageChange, err)
	if so.mustTell() {
		time.AfterFunc(so.sessions.retryPause(), so.tellAgain)
	}
}

// mustTell tells whether OnChange is yet to hear of something.
func (so *socket) mustTell() bool {
	so.changedMu.Lock()
	defer so.changedMu.Unlock()
	return so.changed != nil && so.why.Load() == nil && !so.left.isClosed()
}

// tellAgain runs OnChange, which could not run before, when the session is free:
// it does not queue again, or the connection's other events would wait with it.
func (so *socket) tellAgain() {
	switch {
	case !so.mustTell():
	case so.entry != nil && so.entry.turn.taken():
		time.AfterFunc(so.sessions.retryPause(), so.tellAgain)
	default:
		so.changes.put(so.sessions, so.tellChange)
	}
}

func (so *socket) takeChanged() []string {
	so.changedMu.Lock()
	defer so.changedMu.Unlock()
	keys := so.changed
	so.changed = nil
	slices.Sort(keys)
	return slices.Compact(keys)
}
