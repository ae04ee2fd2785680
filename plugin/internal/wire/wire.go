package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/limit"
)

// A Wire is the transports of one go-socket.io server. It is made by [New], and
// set up before it serves: EngineOptions, Handler, Identify, Gate and Own are for
// then. Its other methods are safe for concurrent use.
type Wire struct {
	options  Options
	mark     mark
	err      error
	guard    guard
	upgrader websocket.Upgrader
	gated    map[string]bool            // fixed once it serves
	own      map[string]map[string]bool // fixed once it serves
	identity Identity                   // fixed once it serves
	server   *socketio.Server
	buffers  sync.Pool // of *buffer
	writers  sync.Pool // of *writer
	messages sync.Pool // of *message

	mu      sync.RWMutex
	closing bool
	conns   map[string]*Conn   // by id
	opening map[*Conn]struct{} // those that go-socket.io has not taken over
	idle    chan struct{}      // closed when closing and nothing is left; made by Close
}

// An Identity says whose a connection is. The zero value binds connections to
// nobody: who knows the id has the connection.
type Identity struct {
	// Credential returns what a request identifies itself by, "" for nothing.
	// A request that names a connection must have the credential of the
	// handshake, unless the handshake had none.
	Credential func(*http.Request) string

	// Ended tells whether what a credential stood for has ended. A browser
	// that has lost its credential for this reason may still fetch the last
	// packets of its connection.
	Ended func(credential string) bool
}

// New returns a Wire for one server. Settings that cannot work are reported by
// [Wire.Err], and by plugin.Enable; such a Wire lets nobody in.
func New(options Options) *Wire {
	w := &Wire{
		err:     options.validate(),
		options: options.withDefaults(),
		mark:    mark{rand.Text()},
		guard:   guard{maxAttachments: maxAttachments, maxNamespace: maxNamespace, maxDepth: maxDepth},
		gated:   make(map[string]bool),
		own:     make(map[string]map[string]bool),
		conns:   make(map[string]*Conn),
		opening: make(map[*Conn]struct{}),
	}
	w.options.Logger = limit.Logger(w.options.Logger)
	w.upgrader = websocket.Upgrader{
		ReadBufferSize:    256,      // one for each connection; larger messages bypass it
		WriteBufferSize:   16 << 10, // a frame that fits is one write
		WriteBufferPool:   &sync.Pool{},
		EnableCompression: w.options.Compression,
		CheckOrigin:       func(*http.Request) bool { return true }, // the front has
	}
	w.buffers.New = func() any { return new(buffer) }
	w.writers.New = func() any { return new(writer) }
	w.messages.New = func() any { return new(message) }
	return w
}

// Err names every setting that cannot work, nil when all do.
func (w *Wire) Err() error { return w.err }

// EngineOptions returns the options to make the server with: a copy of o, nil
// for none, in which the transports are the Wire's, and random ids and the
// heartbeat's times are filled in where they are missing. Call it before the
// Wire serves, and make the server with what it returns, as that is: the Wire
// serves no other. RequestChecker and ConnInitor hear of handshakes only.
func (w *Wire) EngineOptions(o *engineio.Options) *engineio.Options {
	var all engineio.Options
	if o != nil {
		all = *o
	}
	all.Transports = []transport.Transport{acceptor{w, namePolling}, acceptor{w, nameWebsocket}, w.mark}
	all.RequestChecker = w.mark.pass(all.RequestChecker)
	if all.SessionIDGenerator == nil {
		all.SessionIDGenerator = randomIDs{}
	}
	if all.PingInterval > 0 {
		w.options.PingInterval = all.PingInterval
	}
	if all.PingTimeout > 0 {
		w.options.PingTimeout = all.PingTimeout
	}
	all.PingInterval, all.PingTimeout = w.options.PingInterval, w.options.PingTimeout
	if w.err == nil {
		w.err = w.options.validate()
	}
	return &all
}

// Check tells why the Wire cannot serve a server, nil when it can: the server was
// not made with its EngineOptions, so that nothing would stand between clients and
// handlers; the Wire serves another; or a setting cannot work, as [Wire.Err] says.
// Handler checks too, and its handler then lets nobody in.
func (w *Wire) Check(server *socketio.Server) error {
	switch {
	case w.err != nil:
		return w.err
	case server == nil:
		return errors.New("transport: the server is nil")
	case w.server != nil && w.server != server:
		return errors.New("transport: the Wire serves another server; make one for each, with transport.New")
	case !w.mark.isOn(server):
		return errors.New("transport: the server was not made with this Wire; make it with socketio.NewServer(wire.EngineOptions(nil))")
	}
	return nil
}

// randomIDs names connections so that nobody guesses one.
type randomIDs struct{}

func (randomIDs) NewID() string { return rand.Text() } // at least 128 bits

// Identify sets whose connections are. Call it before the Wire serves.
func (w *Wire) Identify(identity Identity) { w.identity = identity }

// Gate holds clients that ask for a namespace until [Conn.Admit] or
// [Conn.Refuse] has answered: the event [OpenEvent] asks. Other namespaces
// are open, as go-socket.io has them: it never forgets a connection of which
// the root's OnConnect returns an error. Call it before the Wire serves.
func (w *Wire) Gate(namespace string) { w.gated[namespace] = true }

// Own says that the handler of an event gives its acknowledgement by
// [Conn.Acknowledge], and not by its results. Call it before the Wire serves.
func (w *Wire) Own(namespace, event string) {
	if w.own[namespace] == nil {
		w.own[namespace] = make(map[string]bool)
	}
	w.own[namespace][event] = true
}

// owns tells whether an event, whose name is a JSON string, is one of Own.
func (w *Wire) owns(namespace string, name []byte) bool {
	if len(name) < 2 {
		return false
	}
	if bytes.IndexByte(name, '\\') < 0 {
		return w.own[namespace][string(name[1:len(name)-1])]
	}
	var event string
	return json.Unmarshal(name, &event) == nil && w.own[namespace][event]
}

// Find returns the connection of an id, nil when there is none.
func (w *Wire) Find(id string) *Conn {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.conns[id]
}

// Len returns how many connections there are.
func (w *Wire) Len() int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return len(w.conns)
}

// Close turns new clients away, ends every connection, and returns when all
// have ended or ctx has, with ctx's error. Afterwards socketio.Server.Close
// does no harm: while a handshake is under way it would end the process.
func (w *Wire) Close(ctx context.Context) error {
	w.mu.Lock()
	if !w.closing {
		w.closing, w.idle = true, make(chan struct{})
		w.checkIdleLocked()
	}
	conns := make([]*Conn, 0, len(w.conns))
	for _, c := range w.conns {
		conns = append(conns, c)
	}
	idle := w.idle
	w.mu.Unlock()
	for _, c := range conns {
		c.hangUp(ReasonShutdown)
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Wire) isClosing() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.closing
}

// begin notes a handshake; it tells whether it may go on.
func (w *Wire) begin(c *Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closing || w.err != nil {
		return false
	}
	w.opening[c] = struct{}{}
	return true
}

// opened notes that a handshake is no longer under way in go-socket.io,
// whatever has become of its connection. It tells whether the Wire is closing.
func (w *Wire) opened(c *Conn) (closing bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.opening, c)
	w.checkIdleLocked()
	return w.closing
}

// register makes a connection findable.
func (w *Wire) register(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c.id] = c
}

// forget ends what register began for a connection of an id.
func (w *Wire) forget(id string, c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns[id] == c {
		delete(w.conns, id)
	}
	w.checkIdleLocked()
}

func (w *Wire) checkIdleLocked() {
	if w.idle == nil || len(w.conns) > 0 || len(w.opening) > 0 {
		return
	}
	select {
	case <-w.idle:
	default:
		close(w.idle)
	}
}
