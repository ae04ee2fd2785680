package plugin

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// A socket is one connection in one namespace, from the client's wish to enter
// until it has left.
type socket struct {
	sessions   *Sessions
	namespace  *namespace
	connection *connection
	conn       *conn
	handed     socketio.Conn // conn, as handlers get it
	request    *http.Request // the handshake, until the session is found
	script     int           // the version of the page's client script, noScript where it has none

	// These two are set by identify, under sessions.mu.
	entry   *live.Entry // nil when anonymous or refused
	session *Session    // what PerConnection handlers get

	after    *latch.Latch // ready of the connection's namespace before this, until admit has waited for it
	ready    latch.Latch  // closed when it was admitted or refused
	admitted bool         // OnConnect has succeeded; set before ready closes
	left     latch.Latch  // closed when the client has left
	reason   string       // why it left; set before left closes
	gone     latch.Latch  // closed when OnDisconnect has returned and all is saved

	changes   mailbox // runs OnChange
	changedMu sync.Mutex
	changed   []string // the keys that it is to be told of; nil when it is not to run

	emits mailbox // what Emit has sent

	released bool // it is gone; guarded by sessions.mu

	why     atomic.Pointer[Refusal] // set when it was refused or expelled
	current atomic.Pointer[Session] // of the PerMessage handler that runs
}

// admit runs OnConnect and lets the socket in, or out. It has a goroutine of
// its own: in go-socket.io's handler an Emit would never return.
func (so *socket) admit(why *Refusal) {
	defer so.sessions.running.Done()
	if so.after != nil {
		so.after.Wait() // namespaces are entered in the order in which they were asked for
		so.after = nil  // or it would keep the socket before, and that the one before
	}
	if why == nil && so.why.Load() != nil {
		so.ready.Close() // its session has ended meanwhile: expel tells it
		return
	}
	if connect := so.namespace.onConnect; why == nil && connect != nil {
		err := so.run(so.namespace.handlers(), func(s *Session) error { return connect(so.conn, s) })
		if err != nil {
			so.report(StageConnect, err)
			why = refusalOf(err)
		}
	}
	if why == nil {
		so.welcome()
		return
	}
	told := so.condemn(why)
	if told == nil {
		so.ready.Close()
		return // expel tells it
	}
	so.ready.Close()
	so.sessions.gate.refuse(so.conn, told, so.left.Done())
	so.sessions.leave(so, told.Code)
}

func (so *socket) welcome() {
	if so.entry != nil && so.sessions.options.KeepAlive {
		so.entry.NoteUse()
	}
	so.admitted = true
	so.sessions.seen.entered(so)
	so.sessions.gate.admit(so.conn)
	so.ready.Close()
}

// expel tells the client that its session has ended or the server is going
// away, and sends it out. It has a goroutine of its own.
func (so *socket) expel(why *Refusal) {
	defer so.sessions.running.Done()
	so.sessions.sessionOf(so).use.Cancel()
	if running := so.current.Load(); running != nil {
		running.use.Cancel()
	}
	so.emits.settle(so.sessions, settling) // what was emitted before comes before
	if so.left.IsClosed() {
		return // by itself
	}
	if told := so.condemn(why); told != nil {
		so.ready.Wait()
		if so.admitted {
			so.sessions.gate.expel(so.conn, told, so.left.Done())
		} else {
			so.sessions.gate.refuse(so.conn, told, so.left.Done()) // it ended while OnConnect failed
		}
		so.sessions.leave(so, told.Code)
	}
}

// condemn makes why the reason that every later event of the socket gets, and
// lets OnInvalid hear it and add to it. It returns what the client is to be
// told, nil when it is told already. OnInvalid gets a copy: one Refusal may
// serve many sockets.
func (so *socket) condemn(why *Refusal) *Refusal {
	first, told := *why, *why
	first.Data = nil // it is not known yet whether it can be encoded
	if !so.why.CompareAndSwap(nil, &first) {
		return nil
	}
	if hear := so.namespace.onInvalid; hear != nil {
		if err := contain(func() error { hear(so.conn, &told); return nil }); err != nil {
			so.report(StageInvalid, err)
		}
	}
	if err := told.encodeData(); err != nil {
		so.report(StageInvalid, err)
	}
	so.why.Store(&told)
	so.sessions.seen.refused(so, told.Code)
	return &told
}

// depart runs OnDisconnect and saves. It has a goroutine of its own, since
// go-socket.io holds locks while a connection closes.
func (so *socket) depart() {
	so.ready.Wait()
	if so.admitted {
		defer so.sessions.seen.left(so)
	}
	if f := so.namespace.onDisconnect; f != nil && so.admitted {
		err := so.runLast(func(s *Session) error { f(so.conn, s, so.reason); return nil })
		if err != nil {
			so.report(StageDisconnect, err)
		}
	}
	so.connection.handling.Lock() // wait for the handler that runs
	so.session.use.Finish()
	so.connection.handled()
	so.sessions.release(so)
}

// run runs one handler with the socket's session. The error is the handler's,
// or says why it did not run or its changes could not be kept.
func (so *socket) run(set settings, handle func(*Session) error) error {
	so.connection.handling.Lock()
	defer so.connection.handled()
	e := so.entry
	if e == nil {
		return so.runAnonymous(handle)
	}
	if set.access != ReadOnly {
		if !e.TakeTurn(so.sessions.options.HandlerTimeout) {
			return refusal(CodeBusy)
		}
		defer e.GiveTurn()
	}
	if err := e.Prepare(set.scope == PerMessage); err != nil {
		return err
	}
	return so.handle(set, handle)
}

// runLast is run for OnDisconnect, which nothing may prevent: not an earlier
// event that takes too long, nor a store that fails or has the session no more.
func (so *socket) runLast(handle func(*Session) error) error {
	so.connection.handling.Lock()
	defer so.connection.handled()
	e := so.entry
	if e == nil {
		return so.runAnonymous(handle)
	}
	if e.TakeTurn(so.sessions.options.HandlerTimeout) {
		defer e.GiveTurn()
	}
	set := so.namespace.handlers()
	if err := live.IgnoreEnd(e.Prepare(set.scope == PerMessage)); err != nil {
		so.report(StageLoad, err)
	}
	return live.IgnoreEnd(so.handle(set, handle))
}

func (so *socket) handle(set settings, handle func(*Session) error) error {
	s := &Session{sessions: so.sessions, socket: so}
	terms := live.Terms{PerMessage: set.scope == PerMessage, ReadOnly: set.access == ReadOnly}
	so.entry.Enter(&s.use, &so.session.use, terms)
	if terms.PerMessage {
		so.current.Store(s)
		defer so.current.Store(nil)
		defer s.use.Finish()
		if so.session.Err() != nil {
			s.use.Cancel() // expel came before it could see this one
		}
	}
	err := contain(func() error { return handle(s) })
	return s.use.Leave(err)
}

func (so *socket) runAnonymous(handle func(*Session) error) error {
	s := &Session{sessions: so.sessions, socket: so}
	so.sessions.book.EnterAnonymous(&s.use, &so.session.use)
	err := contain(func() error { return handle(s) })
	return s.use.Leave(err)
}

// report tells OnError of a failure. A handler that returns a Refusal has not
// failed.
func (so *socket) report(stage string, err error) {
	if !isRefusal(err) {
		so.sessions.report(stage, so.sessions.sessionOf(so).ID(), err)
	}
}

// reportEvent is report for one of the client's events.
func (so *socket) reportEvent(event string, err error) {
	if !isRefusal(err) {
		so.sessions.reportOf(StageEvent, event, so.session.ID(), err)
	}
}

func isRefusal(err error) bool {
	own, end := (*Refusal)(nil), (*live.End)(nil)
	return errors.As(err, &own) && own != nil || errors.As(err, &end)
}

// Seat implements [live.Member]: MaxSocketsPerSession counts connections.
func (so *socket) Seat() any { return so.connection }
