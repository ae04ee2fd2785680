package plugin

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// stock is the [gate] of go-socket.io's own transports. They send CONNECT
// before anybody is asked, and have no packet for a refusal: a refused client
// sees "connect", then the event sinvalid, then the end of the connection.
type stock struct {
	server   *socketio.Server
	sessions *Sessions
}

// headstart is how long sinvalid waits for a packet that go-socket.io is about
// to write: CONNECT, or the acknowledgement of the event that was handled last.
// Nothing tells when it has.
const headstart = 50 * time.Millisecond

// farewell is how long a client has to hang up by itself after sinvalid. The
// client script does so at once; without it, the time lets the event arrive.
const farewell = 500 * time.Millisecond

// What go-socket.io v1.7.0 and v1.8.0-rc.1 tell OnDisconnect: stockClosed for
// any end of the connection, and the client's own text, commonly "", when it
// left the namespace.
const stockClosed = "client namespace disconnect"

// The reasons that OnDisconnect hears, in the words of Socket.IO.
const (
	reasonLeft   = "client namespace disconnect"
	reasonClosed = "transport close"
)

// watch closes a connection whose packets may not be handled: at once where
// go-socket.io has not begun to read them, which is at the root. An error from
// there would make go-socket.io keep the connection for ever; elsewhere it
// stops the reading.
func (g stock) watch(namespace string, enter func(socketio.Conn) error, leave func(socketio.Conn, string)) {
	g.server.OnConnect(namespace, func(c socketio.Conn) error {
		err := enter(c)
		if err == nil {
			return nil
		}
		_ = c.Close()
		if isRoot(c) {
			return nil
		}
		return err
	})
	g.server.OnDisconnect(namespace, leave)
}

func (stock) reason(_ *conn, text string) string {
	if text == stockClosed {
		return reasonClosed
	}
	return reasonLeft
}

func (stock) over(*conn) string { return "" }

func (stock) hand(c socketio.Conn) *conn { return &conn{Conn: c, callbacks: new(sync.Mutex)} }

func (stock) handshake(c *conn) *http.Request {
	url := c.URL()
	r := &http.Request{Method: http.MethodGet, URL: &url, Header: c.RemoteHeader()}
	if addr := c.RemoteAddr(); addr != nil {
		r.RemoteAddr = addr.String()
	}
	return r
}

func (stock) keep(open *connection, handshake *http.Request) *http.Request {
	if open.request == nil {
		open.request = handshake
	}
	return open.request
}

func (stock) admit(*conn) {}

func (g stock) refuse(c *conn, why *Refusal, left <-chan struct{}) { g.expel(c, why, left) }

func (g stock) expel(c *conn, why *Refusal, left <-chan struct{}) {
	settle(g.idle(c), left)
	// Emit blocks for as long as the client does not read, Close ends that.
	hangup := time.AfterFunc(headstart+farewell, func() { _ = c.Close() })
	defer hangup.Stop()
	select {
	case <-left:
	case <-time.After(headstart):
		c.Emit("sinvalid", why)
	}
	select {
	case <-left:
	case <-time.After(2 * farewell):
		// The connection was over before it entered, so nobody will say that
		// it left.
	}
	if isRoot(c) {
		_ = c.Close() // it may have left only the namespace
	}
}

// idle returns a channel that closes when no handler of c's connection runs.
func (g stock) idle(c *conn) <-chan struct{} {
	g.sessions.mu.RLock()
	open := g.sessions.connections[c.ID()]
	g.sessions.mu.RUnlock()
	if open == nil {
		open = new(connection) // it is over
	}
	return open.idle()
}

func (stock) answers() bool { return false }

func (stock) own(string, string) {}

func (stock) acknowledge(*conn, []any) error { return nil }

// admits lets pages of the server's own origin send requests: there is no list of
// others.
func (stock) admits(w http.ResponseWriter, r *http.Request) bool {
	if wire.SameOrigin(r) {
		return true
	}
	http.Error(w, "forbidden", http.StatusForbidden)
	return false
}

// close leaves the server to its owner: while a handshake is under way, its
// Close would end the process.
func (stock) close(context.Context) error { return nil }

// ServeHTTP gives the upgrade of a connection the headers of its handshake:
// go-socket.io shows those of the upgrade from then on.
func (g stock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sid := r.URL.Query().Get("sid"); sid != "" && r.Header.Get("Upgrade") != "" && g.sessions.namespaces["/"] != nil {
		if open := g.connectionOf(sid); open != nil {
			r = asHandshake(open, r)
		}
	}
	g.server.ServeHTTP(w, r)
}

func asHandshake(open *connection, r *http.Request) *http.Request {
	header := open.request.Header.Clone()
	for name, values := range r.Header {
		if name == "Upgrade" || name == "Connection" || name == "Origin" || strings.HasPrefix(name, "Sec-Websocket-") {
			header[name] = values
		}
	}
	upgrade := *r
	upgrade.Header = header
	return &upgrade
}

// upgradeWait is how long an upgrade waits for the root handler, which runs
// just after the client was told that it is connected.
const upgradeWait = 500 * time.Millisecond

// connectionOf returns the connection of a transport id, nil when it has not
// come to the root namespace in time.
func (g stock) connectionOf(sid string) *connection {
	s := g.sessions
	s.mu.Lock()
	open, arrival := s.connections[sid], s.arrivals[sid]
	if open == nil && arrival == nil {
		arrival = new(latch.Latch)
		s.arrivals[sid] = arrival
	}
	s.mu.Unlock()
	if open != nil {
		return open
	}
	late := time.NewTimer(upgradeWait)
	defer late.Stop()
	select {
	case <-arrival.Done():
	case <-late.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrivals[sid] == arrival {
		delete(s.arrivals, sid)
	}
	return s.connections[sid]
}

// isRoot tells whether c is in the root namespace, which is called "" after a
// client has left it and come back.
func isRoot(c socketio.Conn) bool { return c.Namespace() == "/" || c.Namespace() == "" }
