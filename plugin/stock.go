package plugin

import (
	"net/http"
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// stock is the [gate] of go-socket.io's own transports. They send CONNECT
// before anybody is asked, and have no packet for a refusal: a refused client
// sees "connect", then the event sinvalid, then the end of the connection.
type stock struct{ server *socketio.Server }

// headstart is how long sinvalid waits for a packet that go-socket.io is about
// to write: CONNECT, or the acknowledgement of the event that ended the
// session. Nothing tells when it has.
const headstart = 20 * time.Millisecond

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
	g.server.OnDisconnect(namespace, func(c socketio.Conn, text string) {
		if text == stockClosed {
			leave(c, reasonClosed)
		} else {
			leave(c, reasonLeft)
		}
	})
}

func (stock) handshake(c socketio.Conn) *http.Request {
	url := c.URL()
	r := &http.Request{Method: http.MethodGet, URL: &url, Header: c.RemoteHeader()}
	if addr := c.RemoteAddr(); addr != nil {
		r.RemoteAddr = addr.String()
	}
	return r
}

func (stock) admit(socketio.Conn) {}

func (g stock) refuse(c socketio.Conn, why *Refusal, left <-chan struct{}) { g.expel(c, why, left) }

func (stock) expel(c socketio.Conn, why *Refusal, left <-chan struct{}) {
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

// isRoot tells whether c is in the root namespace, which is called "" after a
// client has left it and come back.
func isRoot(c socketio.Conn) bool { return c.Namespace() == "/" || c.Namespace() == "" }
