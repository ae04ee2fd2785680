package plugin

import (
	"net/http"

	socketio "github.com/googollee/go-socket.io"
)

// A gate is how the plugin speaks to what lies under a server: how it hears
// that a client wants to enter a namespace, and how it lets it in, turns it
// away or sends it out. The implementation for go-socket.io's own transports
// is [stock].
type gate interface {
	// watch calls enter when a client asks for the namespace and leave when it
	// has left. enter holds up every later packet of the connection, and no
	// later packet may be handled when it returns an error. leave returns at
	// once: go-socket.io closes under locks.
	watch(namespace string, enter func(socketio.Conn) error, leave func(c socketio.Conn, reason string))

	// handshake returns the request that opened the connection.
	handshake(c socketio.Conn) *http.Request

	// admit lets c into its namespace, refuse turns it away. One of them is
	// called once for each enter.
	admit(c socketio.Conn)
	refuse(c socketio.Conn, why *Refusal, left <-chan struct{})

	// expel tells an admitted c why it must go, and sees to it that it goes.
	// left closes when it has.
	expel(c socketio.Conn, why *Refusal, left <-chan struct{})
}
