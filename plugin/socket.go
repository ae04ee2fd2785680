package plugin

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
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
	entry   *entry   // nil when anonymous or refused
	session *Session // what PerConnection handlers get

	after    *latch // ready of the connection's namespace before this, until admit has waited for it
	ready    latch  // closed when it was admitted or refused
	admitted bool   // OnConnect has succeeded; set before ready closes
	left     latch  // closed when the client has left
	reason   string // why it left; set before left closes
	gone     latch  // closed when OnDisconnect has returned and all is saved

	changes   mailbox // runs OnChange
	changedMu sync.Mutex
	changed   []string // the keys that it is to be told of; nil when it is not to run

	emits mailbox // what Emit has sent

	why     atomic.Pointer[Refusal] // set when it was refused or expelled
	current atomic.Pointer[Session] // of the PerMessage handler that runs
}

// admit runs OnConnect and lets the socket in, or out. It has a goroutine of
// its own: in go-socket.io's handler an Emit would never return.
func (so *socket) admit(why *Refusal) {
	defer so.sessions.running.Done()
	if so.after != nil {
		so.after.wait() // namespaces are entered in the order in which they were asked for
		so.after = nil  // or it would keep the socket before, and that the one before
	}
	if why == nil && so.why.Load() != nil {
		so.ready.close() // its session has ended meanwhile: expel tells it
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
		so.ready.close()
		return // expel tells it
	}
	so.ready.close()
	so.sessions.gate.refuse(so.conn, told, so.left.done())
	so.sessions.leave(so, told.Code)
}

func (so *socket) welcome() {
	if so.entry != nil && so.sessions.options.KeepAlive {
		so.entry.use()
	}
	so.admitted = true
	so.sessions.seen.entered(so.namespace)
	so.sessions.gate.admit(so.conn)
	so.ready.close()
}

// expel tells the client that its session has ended or the server is going
// away, and sends it out. It has a goroutine of its own.
func (so *socket) expel(why *Refusal) {
	defer so.sessions.running.Done()
	so.sessions.sessionOf(so).cancel()
	if running := so.current.Load(); running != nil {
		running.cancel()
	}
	so.emits.settle(so.sessions, settling) // what was emitted before comes before
	if so.left.isClosed() {
		return // by itself
	}
	if told := so.condemn(why); told != nil {
		so.ready.wait()
		if so.admitted {
			so.sessions.gate.expel(so.conn, told, so.left.done())
		} else {
			so.sessions.gate.refuse(so.conn, told, so.left.done()) // it ended while OnConnect failed
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
	so.sessions.seen.refused(told.Code)
	return &told
}

// depart runs OnDisconnect and saves. It has a goroutine of its own, since
// go-socket.io holds locks while a connection closes.
func (so *socket) depart() {
	so.ready.wait()
	if so.admitted {
		defer so.sessions.seen.left(so.namespace)
	}
	if f := so.namespace.onDisconnect; f != nil && so.admitted {
		err := so.runLast(func(s *Session) error { f(so.conn, s, so.reason); return nil })
		if err != nil {
			so.report(StageDisconnect, err)
		}
	}
	so.connection.handling.Lock() // wait for the handler that runs
	so.session.finish()
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
		if !e.turn.take(so.sessions.options.HandlerTimeout) {
			return refusal(CodeBusy)
		}
		defer e.turn.give()
	}
	if err := e.prepare(set.scope); err != nil {
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
	if e.turn.take(so.sessions.options.HandlerTimeout) {
		defer e.turn.give()
	}
	set := so.namespace.handlers()
	if err := ignoreEnd(e.prepare(set.scope)); err != nil {
		so.report(StageLoad, err)
	}
	return ignoreEnd(so.handle(set, handle))
}

func (so *socket) handle(set settings, handle func(*Session) error) error {
	e := so.entry
	s := &Session{sessions: so.sessions, entry: e, socket: so, view: e.open(), access: set.access}
	if set.scope == PerMessage {
		so.current.Store(s)
		defer so.current.Store(nil)
		defer s.finish()
		if so.session.Err() != nil {
			s.cancel() // expel came before it could see this one
		}
	} else {
		s.owner = so.session
	}
	err := contain(func() error { return handle(s) })
	err = e.conclude(s.leave(), set, so, err)
	e.collect()
	return err
}

func (so *socket) runAnonymous(handle func(*Session) error) error {
	v := so.sessions.views.open("", nil)
	s := &Session{sessions: so.sessions, socket: so, owner: so.session, view: v, access: ReadOnly}
	err := contain(func() error { return handle(s) })
	s.leave()
	if err == nil && so.sessions.manager.Status(v) != scs.Unmodified {
		return ErrAnonymous
	}
	return err
}

// report tells OnError of a failure. A handler that returns a Refusal has not
// failed.
func (so *socket) report(stage string, err error) {
	if !isRefusal(err) {
		so.sessions.report(stage, so.session.ID(), err)
	}
}

// reportEvent is report for one of the client's events.
func (so *socket) reportEvent(event string, err error) {
	if !isRefusal(err) {
		so.sessions.reportOf(StageEvent, event, so.session.ID(), err)
	}
}

func isRefusal(err error) bool {
	own := (*Refusal)(nil)
	return errors.As(err, &own) && own != nil
}
