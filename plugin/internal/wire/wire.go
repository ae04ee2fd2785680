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
)

// A Wire is the transports of one go-socket.io server. It is made by [New], and
// set up before it serves: EngineOptions, Handler, Identify, Gate and Own are for
// then. Its other methods are safe for concurrent use.
type Wire struct {
	shared
	err error // names every setting that cannot work
}

// New returns a Wire for one server. Settings that cannot work are reported by
// [Wire.Err], and by plugin.Enable; such a Wire lets nobody in.
func New(options Options) *Wire {
	w := &Wire{err: options.validate()}
	w.options = options.withDefaults()
	w.options.Logger = limit.Logger(w.options.Logger)
	w.origins = w.options.AllowedOrigins
	w.server.fingerprint = fingerprint{rand.Text()}
	w.guard = guard{maxAttachments: maxAttachments, maxNamespace: maxNamespace, maxDepth: maxDepth}
	w.upgrader = websocket.Upgrader{
		ReadBufferSize:    256,      // one for each connection; larger messages bypass it
		WriteBufferSize:   16 << 10, // a frame that fits is one write
		WriteBufferPool:   &sync.Pool{},
		EnableCompression: w.options.Compression,
		CheckOrigin:       func(*http.Request) bool { return true }, // the front has
	}
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
	all.Transports = []transport.Transport{acceptor{&w.shared, namePolling}, acceptor{&w.shared, nameWebsocket}, w.server.fingerprint}
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
	case w.server.Server != nil && w.server.Server != server:
		return errors.New("transport: the Wire serves another server; make one for each, with transport.New")
	case !w.server.fingerprint.isOn(server):
		return errors.New("transport: the server was not made with this Wire; make it with socketio.NewServer(wire.EngineOptions(nil))")
	}
	return nil
}

// Handler returns the handler to serve at the resource path, in place of the
// server, which must have been made with [Wire.EngineOptions]: else it answers
// every handshake with HTTP 500 and the error of [Wire.Check].
func (w *Wire) Handler(server *socketio.Server) http.Handler {
	err := w.Check(server)
	if err == nil {
		w.server.Server = server
	}
	return front{&w.shared, server, err}
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
func (w *Wire) Gate(namespace string) { w.gates.gate(namespace) }

// Own says that the handler of an event gives its acknowledgement by
// [Conn.Acknowledge], and not by its results. Call it before the Wire serves.
func (w *Wire) Own(namespace, event string) { w.gates.own(namespace, event) }

// Admits applies the rules for origins to a request of another handler under the
// resource path: it tells whether that is to answer it, and has answered itself
// where it is not, because the page may not connect, or only asks whether it may
// send credentials and read the answer. Pages of AllowedOrigins may.
func (w *Wire) Admits(rw http.ResponseWriter, r *http.Request) bool {
	if !w.origins.mayConnect(r) {
		fail(rw, http.StatusForbidden, codeForbidden)
		return false
	}
	return !w.origins.answersPreflight(rw, r)
}

// Find returns the connection of an id, nil when there is none.
func (w *Wire) Find(id string) *Conn {
	c, _ := w.registry.find(id).(*Conn)
	return c
}

// Len returns how many connections there are.
func (w *Wire) Len() int { return w.registry.len() }

// Close turns new clients away, ends every connection, and returns when all
// have ended or ctx has, with ctx's error. Afterwards socketio.Server.Close
// does no harm: while a handshake is under way it would end the process.
func (w *Wire) Close(ctx context.Context) error {
	left, idle := w.registry.close()
	for _, c := range left {
		c.hangUp(ReasonShutdown)
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
