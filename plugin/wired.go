package plugin

import (
	"context"
	"net/http"
	"sync"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// wired is the [gate] of our own transports. A client hears nothing before it is let
// in or refused, and a refusal is a packet of its own.
type wired struct {
	server *socketio.Server
	wire   *wire.Wire
	http.Handler
	mistakes *mistakes
}

// leaveGrace is how long an expelled client may take to leave by itself.
const leaveGrace = 100 * time.Millisecond

// newWired returns the gate of a wire, and binds each connection of it to the
// credential that opened it.
func newWired(server *socketio.Server, w *wire.Wire, of *resolver, seen *observers, wrong *mistakes) wired {
	w.Observe(seen.ofWire())
	w.Identify(wire.Identity{Credential: of.credential, Ended: of.ended})
	return wired{server, w, w.Handler(server), wrong}
}

// watch hears of clients by an event, because in OnConnect go-socket.io does not send
// yet what is emitted. The event's handler holds up the client's later events until
// the client is admitted or refused.
func (g wired) watch(namespace string, enter func(socketio.Conn) error, leave func(socketio.Conn, string)) {
	var first sync.Once
	connect := func(socketio.Conn) error { return nil }
	g.wire.Gate(namespace)
	g.server.OnConnect(namespace, connect)
	g.server.OnEvent(namespace, wire.OpenEvent, func(c socketio.Conn) {
		conn := g.wire.Find(c.ID())
		if conn == nil {
			return
		}
		first.Do(func() {
			for _, name := range wire.Replaced(g.server, namespace, connect, leave) {
				g.mistakes.noticeOverridden(namespace, name)
			}
			for _, event := range g.wire.Doubled(g.server, namespace) {
				g.mistakes.noticeDoubled(namespace, event)
			}
		})
		_ = enter(c) // what is not admitted is not let through
		conn.Await(namespace)
	})
	g.server.OnDisconnect(namespace, leave)
}

func (wired) reason(c *conn, text string) string {
	switch {
	case text != closedText:
		return reasonLeft
	case c.wire == nil:
		return wire.ReasonClosed // before it could be found
	}
	if reason := c.wire.Reason(); reason != "" {
		return reason
	}
	return wire.ReasonServer // it is closing
}

func (wired) over(c *conn) string {
	switch {
	case c.wire == nil:
		return wire.ReasonClosed // before it could be found
	case !c.wire.IsShut():
		return ""
	}
	return c.wire.Reason()
}

func (g wired) hand(c socketio.Conn) *conn {
	return &conn{Conn: c, wire: g.wire.Find(c.ID()), callbacks: new(sync.Mutex)}
}

func (wired) handshake(c *conn) *http.Request {
	if c.wire != nil {
		return c.wire.Request(nameOf(c))
	}
	url := c.URL()
	return &http.Request{Method: http.MethodGet, URL: &url, Header: c.RemoteHeader()}
}

func (wired) admit(c *conn) {
	if c.wire != nil {
		c.wire.Admit(nameOf(c))
	}
}

func (wired) refuse(c *conn, why *Refusal, _ <-chan struct{}) {
	if c.wire != nil {
		c.wire.Refuse(nameOf(c), why.Message, why.json(), why.Reconnect)
	}
}

func (wired) expel(c *conn, why *Refusal, left <-chan struct{}) {
	if c.wire == nil {
		return
	}
	awaitIdle(c.wire.Idle(), left)
	c.wire.Flush(c.Emit) // what was emitted comes before
	out := c.wire.Expel(nameOf(c), wire.Farewell{
		Event: "sinvalid", Data: why.json(), Answer: why.answer(), Back: why.Reconnect,
	})
	if out != nil {
		select {
		case <-left:
		case <-time.After(leaveGrace):
			if isRoot(c) || why.Reconnect {
				c.socket.part()
			}
		}
		c.socket.parted.Close()
		out()
	}
	select {
	case <-left:
	case <-c.wire.Done(): // it was over before it entered
	}
}

// handle goes past go-socket.io, which would decode each event twice and call the handler
// by reflection once more.
func (g wired) handle(n *hook, event string, h *handler, run func(*socket, *invocation) *Refusal) {
	g.wire.Own(n.name, event, func(w *wire.Conn, came wire.Event) {
		so := n.find(w.ID())
		answers, _ := h.invoke(string(came.Args), came.Attachments, func(called *invocation) *Refusal { return run(so, called) })
		if err := acknowledge(w, so, answers); err != nil {
			n.tell(so, event, err)
		}
	})
}

// acknowledge answers the event that a client's handler is handling, if the client asked
// for an acknowledgement. so is nil if the client has left the namespace.
func acknowledge(w *wire.Conn, so *socket, values []any) error {
	switch {
	case !w.Asked():
		return nil
	case so != nil && (so.conn.emitted.Swap(false) || w.Answering()):
		return w.AcknowledgeBehind(so.conn.Conn.Emit, values...)
	}
	return w.Acknowledge(values...)
}

func (g wired) admits(w http.ResponseWriter, r *http.Request) bool { return g.wire.Admits(w, r) }

func (g wired) waiting() (bytes, limit int64) { return g.wire.Waiting() }

func (g wired) close(ctx context.Context, rate int) error { return g.wire.Close(ctx, rate) }
