package plugin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/clientjs"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/limit"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Sessions gives the handlers of a server the sessions of a manager. Register
// handlers on it before the server serves; everything else is safe for
// concurrent use.
type Sessions struct {
	server   *socketio.Server
	manager  *scs.SessionManager
	attached *store.Store
	store    *store.Core
	options  Options
	book     *live.Book // the sessions that sockets use
	gate     gate
	seen     observers
	failed   limit.Limiter // what OnError hears
	frontDesk

	namespaces   map[string]*namespace // fixed once the server serves
	tellsChanges bool                  // one has an OnChange; fixed then too

	// running counts sockets and their goroutines. It grows only under mu,
	// while closing is not set or a socket is registered.
	running sync.WaitGroup

	mu          sync.RWMutex
	closing     bool
	connections map[string]*connection  // by the transport's id
	arrivals    map[string]*latch.Latch // by the same: closes when such a connection is there
}

// A connection is kept from its first socket to the end of the last.
type connection struct {
	// request is the handshake, where go-socket.io's transports show that of an
	// upgrade later; else nil.
	request *http.Request

	// key is the store key of the session, where a ticket opened the connection.
	// It is guarded by Sessions.mu.
	key string

	// handling is held while a handler of any namespace runs: OnConnect and
	// OnDisconnect of one never run beside an event of another.
	handling sync.Mutex
	over     atomic.Pointer[latch.Latch] // closes when it is let go; nil while nobody waits for that

	callbacks sync.Mutex // see conn

	// The rest is guarded by Sessions.mu.
	sockets []*socket // in the order in which they asked to enter
	leaving []*socket // those that have left and are not gone
}

// Enable joins a server and a manager. Call it once for a server, after the
// manager is set up, its store too, and before the server serves.
//
// It keeps the manager's store if store.Attach has set it; else it wraps it,
// and logs that sessions shared with other processes can lose changes. The
// error names every setting that cannot work, and what is not as expected in SCS.
func Enable(server *socketio.Server, manager *scs.SessionManager, options Options) (*Sessions, error) {
	switch {
	case server == nil:
		return nil, errors.New("sessions: the server is nil")
	case manager == nil:
		return nil, errors.New("sessions: the manager is nil")
	case manager.Store == nil:
		return nil, errors.New("sessions: the manager has no store")
	}
	if err := options.validate(manager); err != nil {
		return nil, err
	}
	if err := store.CheckSCS(manager); err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	under := (*wire.Wire)(options.Transport)
	if under != nil {
		if err := under.Check(server); err != nil {
			return nil, fmt.Errorf("sessions: Options.Transport: %w", err)
		}
	}
	if err := mark(server); err != nil {
		return nil, err
	}
	s := &Sessions{
		server:      server,
		manager:     manager,
		options:     options.withDefaults(manager),
		frontDesk:   frontDesk{script: clientjs.Handler()},
		namespaces:  make(map[string]*namespace),
		connections: make(map[string]*connection),
		arrivals:    make(map[string]*latch.Latch),
	}
	s.seen = observers{options.Observer, s.report}
	attached, ok := manager.Store.(*store.Store)
	if !ok {
		s.options.Logger.Warn("sessions: the manager's store is wrapped; what other processes write at the same time can be lost")
		attached = store.Attach(manager, store.Wrap(manager.Store), store.Options{})
	}
	s.attached, s.store = attached, attached.Core()
	s.book = live.New(s.liveConfig(), host{s})
	s.gate = stock{server, s}
	if under != nil {
		s.gate = newWired(s, under)
	}
	return s, nil
}

// Session returns the session of a connection in its namespace, for handlers
// that were registered on the server itself. In a namespace that the plugin
// has not been told of it is that of the connection's other namespaces. Where
// there is none, as for a client that was refused, it is an anonymous one; it
// is never nil. The call counts as a use of the session, as an event does, and asks
// the store if something was heard of the session since it was asked.
func (s *Sessions) Session(c socketio.Conn) *Session {
	so, session := s.socketOf(c)
	if so == nil || so.why.Load() != nil {
		return s.anonymous()
	}
	if e := so.entry; e != nil {
		if e.Known() != nil {
			return s.anonymous() // its socket is about to hear
		}
		e.Catch()
		e.NoteUse()
	}
	return session
}

// socketOf returns the socket whose session a connection has, and that.
func (s *Sessions) socketOf(c socketio.Conn) (*socket, *Session) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	open := s.connections[c.ID()]
	so := open.in(s.namespaces[nameOf(c)])
	if so == nil && open != nil && len(open.sockets) > 0 {
		so = open.sockets[0]
	}
	if so == nil {
		return nil, nil
	}
	return so, so.session
}

// Close saves what is not saved, tells every socket that the server is going
// away, and closes it. Clients that connect from then on are turned away. It
// returns when every OnDisconnect has returned and every change is saved, or
// when ctx ends, with an error that names what is left. Call it before
// http.Server.Shutdown. A second call returns [ErrClosed]. There is no need for
// socketio.Server.Close: while a handshake is under way it ends the process.
func (s *Sessions) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closing = true
	for _, open := range s.connections {
		s.running.Add(len(open.sockets))
		for _, so := range open.sockets {
			go so.expel(refusal(CodeGoingAway))
		}
	}
	s.mu.Unlock()

	saved := make(chan error, 1)
	go func() { // ends when the last socket has left and the store has answered
		_ = s.book.Save() // at once; what fails is tried again
		s.running.Wait()
		saved <- s.book.Save()
	}()
	defer s.book.Close()
	select {
	case err := <-saved:
		return errors.Join(err, s.gate.close(ctx))
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("sessions: close: %w", ctx.Err()), s.book.Unsaved())
	}
}
