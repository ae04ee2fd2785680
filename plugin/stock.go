package plugin

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// stock is the [gate] of go-socket.io's own transports. They send CONNECT before they
// ask anybody, and have no packet for a refusal: a refused client sees "connect", then
// the event sinvalid, then the end of the connection.
type stock struct {
	server   *socketio.Server
	registry *registry
	root     bool // the root namespace is watched
}

// packetWait is how long sinvalid waits for a packet that go-socket.io is about to
// write: CONNECT, or the acknowledgement of the last event. go-socket.io does not say
// when it has written it.
const packetWait = 50 * time.Millisecond

// hangupGrace is how long a client has to hang up after sinvalid. The client script
// does so at once. Without the script, the grace lets the event arrive.
const hangupGrace = 500 * time.Millisecond

// watch closes a connection whose packets may not be handled. At the root,
// go-socket.io has not begun to read them, and would keep the connection for ever if
// it got the error. Elsewhere the error stops the reading.
func (g *stock) watch(namespace string, enter func(socketio.Conn) error, leave func(socketio.Conn, string)) {
	g.root = g.root || namespace == "/"
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

func (*stock) reason(_ *conn, text string) string {
	if text == closedText {
		return reasonClosed
	}
	return reasonLeft
}

func (*stock) over(*conn) string { return "" }

func (*stock) hand(c socketio.Conn) *conn { return &conn{Conn: c, callbacks: new(sync.Mutex)} }

func (*stock) handshake(c *conn) *http.Request {
	url := c.URL()
	r := &http.Request{Method: http.MethodGet, URL: &url, Header: c.RemoteHeader()}
	if addr := c.RemoteAddr(); addr != nil {
		r.RemoteAddr = addr.String()
	}
	return r
}

func (*stock) admit(*conn) {}

func (g *stock) refuse(c *conn, why *Refusal, left <-chan struct{}) { g.expel(c, why, left) }

func (g *stock) expel(c *conn, why *Refusal, left <-chan struct{}) {
	awaitIdle(g.idle(c), left)
	select {
	case <-left:
	case <-time.After(packetWait):
		// Emit blocks while the client does not read. Close ends that.
		hangup := time.AfterFunc(hangupGrace, func() { _ = c.Close() })
		c.Emit("sinvalid", why)
		hangup.Stop()
	}
	select {
	case <-left:
	case <-time.After(hangupGrace):
	}
	ends := func() bool { return isRoot(c) || !c.socket.left.IsClosed() }
	if !ends() {
		return // the client has left the namespace alone
	}
	c.socket.part()
	if ends() {
		_ = c.Close()
	}
}

// idle returns a channel that closes when no handler of c's connection runs.
func (g *stock) idle(c *conn) <-chan struct{} {
	open := g.registry.connection(c.ID())
	if open == nil {
		open = new(connection) // it is over
	}
	return open.idle()
}

func (g *stock) handle(n *hook, event string, h *handler, run func(*socket, *invocation) *Refusal) {
	g.server.OnEvent(n.name, event, h.adapt(func(c socketio.Conn, called *invocation) *Refusal {
		return run(n.find(c.ID()), called)
	}))
}

// admits lets only pages of the server's own origin send requests: go-socket.io has no
// list of others.
func (*stock) admits(w http.ResponseWriter, r *http.Request) bool {
	if wire.SameOrigin(r) {
		return true
	}
	http.Error(w, "forbidden", http.StatusForbidden)
	return false
}

func (*stock) waiting() (bytes, limit int64) { return 0, 0 }

// close leaves the server to its owner: its Close ends the process if a handshake is
// under way.
func (*stock) close(context.Context, int) error { return nil }

// ServeHTTP gives the upgrade of a connection the headers of its handshake, since
// go-socket.io shows handlers those of the upgrade from then on.
func (g *stock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if sid := r.URL.Query().Get("sid"); sid != "" && r.Header.Get("Upgrade") != "" && g.root {
		if open := g.registry.await(sid, upgradeWait); open != nil {
			r = asHandshake(open, r)
		}
	}
	g.server.ServeHTTP(w, r)
}

// asHandshake returns an upgrade with the handshake's headers, but for those that the
// upgrade itself needs.
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

// upgradeWait is how long an upgrade waits for the root handler. That runs just after
// the client has heard that it is connected.
const upgradeWait = 500 * time.Millisecond

// stockEvent returns a Cast as go-socket.io's Emit takes it.
func stockEvent(cast *wire.Cast) (event string, args []any) {
	var data []json.RawMessage
	if json.Unmarshal(cast.Data(), &data) != nil || len(data) == 0 || json.Unmarshal(data[0], &event) != nil {
		return "", nil // another node's Emit would not have made it
	}
	for _, arg := range data[1:] {
		args = append(args, &encoded{JSON: string(arg)})
	}
	for _, attachment := range cast.Attachments() { // in their order, wherever their placeholders are
		args[0].(*encoded).Buffers = append(args[0].(*encoded).Buffers, &parser.Buffer{Data: attachment})
	}
	return event, args
}

// encoded is an argument whose JSON is made already. go-socket.io finds and numbers its
// attachments.
type encoded struct {
	JSON    string
	Buffers []*parser.Buffer
}

// MarshalJSON implements json.Marshaler.
func (e *encoded) MarshalJSON() ([]byte, error) { return []byte(e.JSON), nil }
