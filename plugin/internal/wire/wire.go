package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/limit"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/pace"
)

// A Wire is the transports of one go-socket.io server. [New] makes it. Call
// EngineOptions, Handler, Identify, Observe, Gate and Own before it serves. Its other methods
// are safe for concurrent use.
type Wire struct{ shared }

// New returns a Wire for one server. [Wire.Err] and plugin.Enable report invalid
// settings; a Wire with such settings refuses every client.
func New(options Options) *Wire {
	w := new(Wire)
	w.err = options.validate()
	w.options = options.withDefaults()
	w.options.Logger = limit.Logger(w.options.Logger)
	w.origins = w.options.AllowedOrigins
	w.waiting.limit, w.waiting.shed = int64(w.options.MaxWaitingBytes), w.shed
	w.server.fingerprint = fingerprint{rand.Text()}
	w.guard = guard{maxAttachments: maxAttachments, maxNamespace: maxNamespace, maxDepth: maxDepth}
	w.upgrader = websocket.Upgrader{
		ReadBufferSize:    256,      // for each connection; larger messages bypass it
		WriteBufferSize:   16 << 10, // a frame that fits is one write
		WriteBufferPool:   &sync.Pool{},
		EnableCompression: w.options.Compression,
		CheckOrigin:       func(*http.Request) bool { return true }, // the front has checked it
	}
	return w
}

// Err returns an error that names every invalid setting, nil if all are valid.
func (w *Wire) Err() error { return w.err }

// EngineOptions returns the options with which to make the server: a copy of o,
// which may be nil, with the Wire's transports, random ids unless o has a generator,
// and the times of the heartbeat. Make the server with these options unchanged: the
// Wire serves no other. RequestChecker and ConnInitor are called for handshakes only.
func (w *Wire) EngineOptions(o *engineio.Options) *engineio.Options {
	var all engineio.Options
	if o != nil {
		all = *o
	}
	all.Transports = []transport.Transport{acceptor{&w.shared, namePolling}, acceptor{&w.shared, nameWebsocket}, w.server.fingerprint, anyWire}
	all.RequestChecker = w.server.fingerprint.exempt(all.RequestChecker)
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

// Check returns why the Wire cannot serve a server, nil if it can. Either the server
// was not made with the Wire's EngineOptions, or the Wire serves another server, or a
// setting is invalid. The handler of [Wire.Handler] refuses every client then.
func (w *Wire) Check(server *socketio.Server) error {
	switch {
	case w.err != nil:
		return w.err
	case server == nil:
		return errors.New("transport: the server is nil")
	case w.server.Server != nil && w.server.Server != server:
		return errors.New("transport: the Wire serves another server; make one for each, with transport.New")
	case !w.server.fingerprint.isOn(server):
		return errors.New("transport: the server was not made with this Wire; make it with socketio.NewServer(wire.EngineOptions(nil))")
	}
	return nil
}

// IsOn reports whether a server was made with any Wire.
func IsOn(server *socketio.Server) bool { return anyWire.isOn(server) }

// Handler returns the handler to serve at the resource path in place of the server.
// If [Wire.Check] returns an error, the handler answers every handshake with HTTP 500
// and that error.
func (w *Wire) Handler(server *socketio.Server) http.Handler {
	err := w.Check(server)
	if err == nil {
		w.server.Server = server
	}
	return front{&w.shared, server, err}
}

// randomIDs makes ids that nobody can guess.
type randomIDs struct{}

func (randomIDs) NewID() string { return rand.Text() } // at least 128 bits

// Identify sets how to tell whose a connection is. Call it before the Wire serves.
func (w *Wire) Identify(identity Identity) { w.identity = identity }

// Observe sets the Observer. Call it before the Wire serves.
func (w *Wire) Observe(o Observer) { w.observer = o }

// Gate makes clients that ask for a namespace wait for [Conn.Admit] or [Conn.Refuse].
// The event [OpenEvent] tells the server of them. go-socket.io decides about all
// other namespaces. Call it before the Wire serves.
func (w *Wire) Gate(namespace string) { w.gates.gate(namespace) }

// Own registers the handler of an event, which go-socket.io does not get then. The
// handler answers with [Conn.Acknowledge]. Call Own before the Wire serves.
func (w *Wire) Own(namespace, event string, handle EventHandler) {
	w.gates.own(namespace, event, handle)
}

// Admits applies the rules for origins to a request for another handler. It reports
// whether that handler should answer. If not, Admits has answered: it refuses pages
// that may not connect, and answers preflights.
func (w *Wire) Admits(rw http.ResponseWriter, r *http.Request) bool {
	if !w.origins.mayConnect(r) {
		w.noticeOrigin(r)
		fail(rw, http.StatusForbidden, codeForbidden)
		return false
	}
	return !w.origins.answersPreflight(rw, r)
}

// Find returns the connection with an id, nil if there is none.
func (w *Wire) Find(id string) *Conn {
	c, _ := w.registry.find(id).(*Conn)
	return c
}

// Len returns the number of connections.
func (w *Wire) Len() int { return w.registry.len() }

// Waiting returns how many bytes wait for all clients together, and how many may.
func (w *Wire) Waiting() (bytes, limit int64) { return w.waiting.bytes.Load(), w.waiting.limit }

// CloseRate is the default rate of Close, in connections a second.
const CloseRate = 500

// Close refuses new clients and ends every connection, rate of them a second or as
// package pace has it. It returns nil when all have ended, or ctx's error when ctx ends
// first. Call socketio.Server.Close only after it: during a handshake, that would end the
// process.
func (w *Wire) Close(ctx context.Context, rate int) error {
	left, idle := w.registry.close()
	pace.Each(ctx, rate, left, func(c member) bool { return c.hangUp(ReasonShutdown) })
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
