package plugin

import (
	"context"
	"net/http"
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// A gate is how the plugin speaks to what lies under a server: how it hears
// that a client wants to enter a namespace, and how it lets it in, turns it
// away or sends it out. [wired] does it on our own transports, [stock] on
// go-socket.io's.
type gate interface {
	// watch calls enter when a client asks for the namespace and leave when it
	// has left. enter holds up every later packet of the connection, and no
	// later packet may be handled when it returns an error. leave returns at
	// once: go-socket.io closes under locks.
	watch(namespace string, enter func(socketio.Conn) error, leave func(c socketio.Conn, text string))

	// reason returns why c has left, from the text that leave was told.
	reason(c *conn, text string) string

	// over returns why c's connection has ended, once it has left every namespace; ""
	// before, or where that is not known.
	over(c *conn) string

	// hand returns a connection as handlers get it.
	hand(c socketio.Conn) *conn

	// handshake returns the request that opened the connection, as c's
	// namespace was asked for.
	handshake(c *conn) *http.Request

	// admit lets c into its namespace, refuse turns it away. One of them is
	// called once for each enter.
	admit(c *conn)
	refuse(c *conn, why *Refusal, left <-chan struct{})

	// expel tells an admitted c why it must go, and sees to it that it goes.
	// left closes when it has.
	expel(c *conn, why *Refusal, left <-chan struct{})

	// answers tells whether acknowledge sends acknowledgements. Otherwise they
	// are the results of what go-socket.io calls.
	answers() bool
	// own says that an event's handler does so.
	own(namespace, event string)
	// acknowledge answers the event that c's handler handles, if the client
	// has asked for that.
	acknowledge(c *conn, values []any) error

	// admits tells whether the page that a request comes from may send it. Where
	// it may not, it has answered.
	admits(w http.ResponseWriter, r *http.Request) bool

	// ServeHTTP serves the transports.
	http.Handler
	// close ends what is left of the connections, and lets no new ones in.
	close(ctx context.Context) error
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
