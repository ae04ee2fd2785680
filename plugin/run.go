package plugin

import "github.com/socketio-sessions/socketio-sessions/plugin/internal/live"

// run runs a handler with the socket's session. The error is the handler's, or says why
// it did not run, or why its changes were dropped.
func (so *socket) run(set settings, handle func(*Session) error) error {
	so.connection.handling.Lock()
	defer so.connection.handled()
	if set.isEvent && so.left.IsClosed() {
		return refusal(CodeDisconnected) // it came too late: OnDisconnect may have run
	}
	e := so.entry
	if e == nil {
		return so.runAnonymous(handle)
	}
	if set.access != ReadOnly {
		if !so.takeTurn() {
			return refusal(CodeBusy)
		}
		defer e.GiveTurn()
	}
	if err := e.Prepare(set.scope == PerMessage); err != nil {
		return err
	}
	return so.handle(set, handle)
}

// takeTurn waits for the session's turn, and reports whether it came in time.
func (so *socket) takeTurn() bool {
	start := so.common.seen.beginWait()
	came := so.entry.TakeTurn(so.common.handlerTimeout)
	so.common.seen.waited(so.session, so.namespace.name, start)
	return came
}

// runLast is run for OnDisconnect, which always runs: even if an earlier event takes
// too long, the store fails, or the session has ended.
func (so *socket) runLast(handle func(*Session) error) error {
	so.connection.handling.Lock()
	defer so.connection.handled()
	e := so.entry
	if e == nil {
		return so.runAnonymous(handle)
	}
	if e.TakeTurn(so.common.handlerTimeout) {
		defer e.GiveTurn()
	}
	set := so.namespace.handlers()
	if err := live.IgnoreEnd(e.Prepare(set.scope == PerMessage)); err != nil {
		so.report(StageLoad, err)
	}
	return live.IgnoreEnd(so.handle(set, handle))
}

// handle calls a handler of a socket that has a session, when its turn has come.
func (so *socket) handle(set settings, handle func(*Session) error) error {
	s := &Session{claims: so.common.claims, client: &so.client}
	terms := live.Terms{PerMessage: set.scope == PerMessage, ReadOnly: set.access == ReadOnly}
	so.entry.Enter(&s.use, &so.session.use, terms)
	if terms.PerMessage {
		so.current.Store(s)
		defer so.current.Store(nil)
		defer s.use.Finish()
		if so.session.Err() != nil {
			s.use.Cancel() // expel ran before current was set
		}
	}
	return s.use.Leave(so.call(s, handle))
}

// runAnonymous calls a handler of a socket without a session.
func (so *socket) runAnonymous(handle func(*Session) error) error {
	s := &Session{claims: so.common.claims, client: &so.client}
	so.common.book.EnterAnonymous(&s.use, &so.session.use)
	return s.use.Leave(so.call(s, handle))
}

// call calls a handler. For as long as it runs, its connection may wait in Emit.
func (so *socket) call(s *Session, handle func(*Session) error) error {
	if so.isIn() {
		so.conn.patience.Store(int64(so.common.emitWait))
	}
	err := contain(func() error { return handle(s) })
	so.conn.patience.Store(0)
	return err
}
