package plugin

import (
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A conn is the connection that handlers get: go-socket.io's, without some of its
// traps. Acknowledgements follow what their handler has emitted.
type conn struct {
	socketio.Conn
	wire    *wire.Conn  // nil on stock transports, or if it had ended before
	emitted atomic.Bool // something, and no acknowledgement has followed

	// callbacks is held while an event with a callback is emitted: go-socket.io counts
	// a connection's callbacks, in all its namespaces, without a lock.
	callbacks *sync.Mutex
}

// Emit sends an event. It sends a nil last argument as null; go-socket.io would panic.
func (c *conn) Emit(event string, args ...any) {
	c.emitted.Store(true)
	if n := len(args); n > 0 {
		if args[n-1] == nil {
			args = append(args[:n-1:n-1], json.RawMessage("null"))
		} else if reflect.TypeOf(args[n-1]).Kind() == reflect.Func {
			c.callbacks.Lock()
			defer c.callbacks.Unlock()
		}
	}
	c.Conn.Emit(event, args...)
}

// Close ends the connection after what was emitted.
func (c *conn) Close() error {
	if c.wire != nil {
		c.wire.Flush(c.Conn.Emit)
	}
	return c.Conn.Close()
}

// nameOf returns the namespace of c. go-socket.io calls the root "" after a client has
// left it and come back.
func nameOf(c socketio.Conn) string {
	if isRoot(c) {
		return "/"
	}
	return c.Namespace()
}

// isRoot reports whether c is in the root namespace.
func isRoot(c socketio.Conn) bool { return c.Namespace() == "/" || c.Namespace() == "" }
