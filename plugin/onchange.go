package plugin

import "time"

// noteChange adds keys to those that OnChange is to be told of.
func (so *socket) noteChange(keys []string) {
	if so.changes.note(keys) {
		so.hearing.put(so.tellChange)
	}
}

// tellChange runs OnChange with all that has changed until its turn has come.
func (so *socket) tellChange() {
	so.ready.Wait()
	if !so.admitted || so.why.Load() != nil || so.left.IsClosed() {
		return
	}
	err := so.run(so.namespace.handlers(), func(s *Session) error {
		if keys := so.changes.take(); len(keys) > 0 && !so.left.IsClosed() {
			so.namespace.onChange(so.conn, s, keys)
		}
		return nil
	})
	if err == nil {
		return
	}
	so.report(StageChange, err)
	if so.mustTell() {
		time.AfterFunc(so.common.book.RetryPause(), so.tellAgain)
	}
}

// mustTell reports whether OnChange is yet to be told of something.
func (so *socket) mustTell() bool {
	return so.changes.wait() && so.why.Load() == nil && !so.left.IsClosed()
}

// tellAgain runs OnChange after a failure, as soon as the session is free. It does
// not queue before that, or the connection's other events would wait with it.
func (so *socket) tellAgain() {
	switch {
	case !so.mustTell():
	case so.entry != nil && so.entry.Busy():
		time.AfterFunc(so.common.book.RetryPause(), so.tellAgain)
	default:
		so.hearing.put(so.tellChange)
	}
}
