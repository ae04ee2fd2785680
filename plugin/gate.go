package plugin

import (
	"context"
	"net/http"
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// A gate hides the transports. It tells the plugin that a client wants to enter a
// namespace or has left it, lets the client in, refuses it, or sends it out. [wired]
// is the gate of our own transports, [stock] that of go-socket.io's.
type gate interface {
	// watch calls enter when a client asks for the namespace, and leave when it has
	// left. The connection's later packets wait until enter returns; if it returns an
	// error, none of them may be handled. leave returns at once, since go-socket.io
	// calls it under locks.
	watch(namespace string, enter func(socketio.Conn) error, leave func(c socketio.Conn, text string))

	// reason returns why c has left, given the text that leave got.
	reason(c *conn, text string) string

	// over returns why c's connection has ended. It returns "" before the connection
	// has left every namespace, and where the gate does not know.
	over(c *conn) string

	// hand returns a connection as handlers get it.
	hand(c socketio.Conn) *conn

	// handshake returns the request that opened the connection, with what the client
	// sent when it asked for c's namespace.
	handshake(c *conn) *http.Request

	// admit lets c into its namespace, refuse turns it away. Each enter is followed by
	// one call of one of them. left closes when the client has left.
	admit(c *conn)
	refuse(c *conn, why *Refusal, left <-chan struct{})

	// expel tells an admitted c why it must go, and makes it go. left closes when it
	// has left.
	expel(c *conn, why *Refusal, left <-chan struct{})

	// handle has an event of a namespace handled: run makes a call of h for a client's
	// socket in the namespace, nil if it has left. If run returns a Refusal, that is
	// acknowledged instead of the results.
	handle(n *hook, event string, h *handler, run func(*socket, *invocation) *Refusal)

	// admits reports whether the page that sent a request may do so. If it may not,
	// admits has answered the request.
	admits(w http.ResponseWriter, r *http.Request) bool

	// waiting returns how many bytes wait for all clients, and how many may; 0 where the
	// gate does not know.
	waiting() (bytes, limit int64)

	// ServeHTTP serves the transports.
	http.Handler
	// close ends the connections that are left, rate of them a second, and accepts no new
	// ones.
	close(ctx context.Context, rate int) error
}

// The reasons that OnDisconnect hears, in the words of Socket.IO.
const (
	reasonLeft   = "client namespace disconnect"
	reasonClosed = "transport close"
)

// closedText is what go-socket.io v1.7.0 and v1.8.0-rc.1 tell OnDisconnect at any end
// of the connection. When the client has left the namespace it is told the client's
// own text, commonly "".
const closedText = "client namespace disconnect"

// idleWait is how long a handler that runs may hold up the end of its socket. Most
// acknowledgements go first in that time.
const idleWait = 100 * time.Millisecond

// lastWords is how long clients have to hear why they are sent away, when there is no time
// left.
const lastWords = 3 * idleWait

// awaitIdle waits until idle closes, when the handler that runs has returned. It waits
// for idleWait at most, and not for a client that has left.
func awaitIdle(idle, left <-chan struct{}) {
	late := time.NewTimer(idleWait)
	defer late.Stop()
	select {
	case <-idle:
	case <-left:
	case <-late.C:
	}
}
