package plugin

import (
	"slices"
	"time"
)

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
	so.ready.Wait()
	if !so.admitted || so.why.Load() != nil || so.left.IsClosed() {
		return
	}
	set := so.namespace.handlers()
	err := so.run(set, func(s *Session) error {
		if keys := so.takeChanged(); len(keys) > 0 && !so.left.IsClosed() {
			so.namespace.onChange(so.conn, s, keys)
		}
		return nil
	})
	if err == nil {
		return
	}
	so.report(StageChange, err)
	if so.mustTell() {
		time.AfterFunc(so.sessions.book.RetryPause(), so.tellAgain)
	}
}

// mustTell tells whether OnChange is yet to hear of something.
func (so *socket) mustTell() bool {
	so.changedMu.Lock()
	defer so.changedMu.Unlock()
	return so.changed != nil && so.why.Load() == nil && !so.left.IsClosed()
}

// tellAgain runs OnChange, which could not run before, when the session is free:
// it does not queue again, or the connection's other events would wait with it.
func (so *socket) tellAgain() {
	switch {
	case !so.mustTell():
	case so.entry != nil && so.entry.Busy():
		time.AfterFunc(so.sessions.book.RetryPause(), so.tellAgain)
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
