package plugin

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A socket is one connection in one namespace, from when the client asks to enter
// until it has left.
type socket struct {
	client
	common     *common
	namespace  *namespace
	connection *connection
	request    *http.Request // the handshake, until the session is found
	first      bool          // of its connection

	// own sets these two before ready closes. Call owned where ready may be open.
	owning  sync.Mutex
	entry   *live.Entry // nil when anonymous or refused
	session *Session    // what PerConnection handlers get

	current atomic.Pointer[Session] // of the PerMessage handler that runs
	after   *latch.Latch            // ready of the socket that asked to enter before; nil once admit has waited for it

	changes changes
	hearing mailbox // runs OnChange

	// The registry's lock guards these two.
	removed bool
	lost    *string // what leave was told before join was over; nil if it was not called
}

// common is what all sockets of a Sessions use. It is fixed once the server serves.
type common struct {
	gate     gate
	registry *registry
	book     *live.Book // the sessions that sockets use
	post     *post
	claims   *claims
	seen     observers

	handlerTimeout time.Duration
	emitWait       time.Duration
	maxAnonymous   int
	keepAlive      bool
	noPrivateRooms bool
	tellsChanges   bool // a namespace has an OnChange

	failures *failures
}

func newSocket(common *common, n *namespace, c *conn) *socket {
	so := &socket{common: common, namespace: n, session: anonymous(common.book), request: common.gate.handshake(c)}
	so.conn, so.handed, c.socket = c, c, so
	so.emits.failures, so.hearing.failures = common.failures, common.failures
	return so
}

// own gives the socket its session.
func (so *socket) own(e *live.Entry, session *Session) {
	so.owning.Lock()
	defer so.owning.Unlock()
	so.entry, so.session = e, session
}

// mine returns the session of a socket that may still be entering.
func (so *socket) mine() *Session {
	_, session := so.owned()
	return session
}

// owned is mine with the entry.
func (so *socket) owned() (*live.Entry, *Session) {
	so.owning.Lock()
	defer so.owning.Unlock()
	return so.entry, so.session
}

// admit runs OnConnect, and lets the client in or refuses it. why is the Refusal of a
// client without a session. admit has a goroutine of its own: in go-socket.io's handler
// an Emit would never return.
func (so *socket) admit(why *Refusal) {
	defer so.common.registry.running.Done()
	if so.after != nil {
		so.after.Wait() // namespaces are entered in the order in which they were asked for
		so.after = nil  // or each socket would keep the one before it in memory
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
	so.common.gate.refuse(so.conn, told, so.left.Done())
	so.leave(told.Code)
}

// welcome lets the client in.
func (so *socket) welcome() {
	if so.entry != nil && so.common.keepAlive {
		so.entry.NoteUse()
	}
	so.admitted = true
	so.common.seen.entered(so.mine(), so.namespace.name)
	so.common.gate.admit(so.conn)
	so.ready.Close()
}

// expel tells the client why it must go, and sends it out. It has a goroutine of its
// own, which registry.hold has counted.
func (so *socket) expel(why *Refusal) {
	defer so.common.registry.running.Done()
	so.mine().use.Cancel()
	if running := so.current.Load(); running != nil {
		running.use.Cancel()
	}
	so.emits.drain(idleWait) // events that were emitted earlier go first
	if so.left.IsClosed() {
		return // the client went by itself
	}
	if told := so.condemn(why); told != nil {
		so.ready.Wait()
		if so.admitted {
			so.common.gate.expel(so.conn, told, so.left.Done())
		} else {
			so.part()
			so.common.gate.refuse(so.conn, told, so.left.Done()) // the session ended while OnConnect failed
		}
		so.leave(told.Code)
	}
}

// condemn refuses every later event of the socket with why. It runs OnInvalid, which
// may change the Refusal, and returns what to tell the client; nil if somebody else
// tells it. OnInvalid gets a copy, since many sockets may share one Refusal.
func (so *socket) condemn(why *Refusal) *Refusal {
	first, told := *why, *why
	first.Data = nil // it may not encode
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
	so.common.seen.refused(so.mine(), told.Code)
	return &told
}

// leave notes that the client has left. Only the first call counts.
func (so *socket) leave(reason string) {
	if !so.common.registry.leave(so) {
		return
	}
	if why := so.why.Load(); why != nil {
		reason = why.Code
	}
	so.reason = reason
	so.left.Close()
	so.namespace.rooms.exit(so)
	go so.depart()
}

// depart runs OnDisconnect and saves the session. It has a goroutine of its own, since
// go-socket.io holds locks while it closes a connection.
func (so *socket) depart() {
	so.ready.Wait()
	if so.admitted {
		defer so.common.seen.left(so.session, so.namespace.name, so.reason)
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
	so.release()
}

// release ends the socket. It saves the session, and forgets it with its last socket.
func (so *socket) release() {
	defer so.common.registry.running.Done()
	defer so.gone.Close()
	so.common.registry.remove(so)
	if so.entry != nil {
		so.common.post.hear().Leave(so.entry.ID())
		so.entry.Leave(so)
	}
}

// sendOut expels a socket, unless it is gone.
func (so *socket) sendOut(why *Refusal) {
	if so.common.registry.hold(so) {
		so.sentOut.Store(true)
		go so.expel(why)
	}
}

// cast sends an event to the client when it is in, without waiting for that; never when
// its session has ended.
func (so *socket) cast(event *wire.Cast) {
	e, _ := so.owned()
	if so.why.Load() != nil || so.left.IsClosed() || e != nil && e.Known() != nil {
		return
	}
	if !so.send(event) {
		so.report(StageMessage, errSlow)
	}
}

// report tells Options.OnError of a failure. A handler that returns a Refusal has not
// failed.
func (so *socket) report(stage string, err error) {
	if !isRefusal(err) {
		so.common.failures.tell(Failure{Stage: stage, ID: so.mine().ID(), Namespace: so.namespace.name, Err: err})
	}
}

// reportEvent is report for one of the client's events.
func (so *socket) reportEvent(event string, err error) {
	if !isRefusal(err) {
		so.common.failures.tell(Failure{Stage: StageEvent, ID: so.session.ID(), Namespace: so.namespace.name, Event: event, Err: err})
	}
}

// isRefusal reports whether an error is the answer to a client, and no failure.
func isRefusal(err error) bool {
	own, end := (*Refusal)(nil), (*live.End)(nil)
	return errors.As(err, &own) && own != nil || errors.As(err, &end)
}

// Seat implements [live.Member]: MaxSocketsPerSession counts connections.
func (so *socket) Seat() any { return so.connection }

// socketsOf returns the sockets of a session.
func socketsOf(e *live.Entry) []*socket {
	members := e.Members()
	sockets := make([]*socket, len(members))
	for i, m := range members {
		sockets[i] = m.(*socket)
	}
	return sockets
}
