package plugin

import (
	"cmp"
	"encoding/json"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A conn is the connection that handlers get: go-socket.io's, without some of its
// traps. Acknowledgements follow what their handler has emitted.
type conn struct {
	socketio.Conn
	wire    *wire.Conn  // nil on stock transports, or if it had ended before
	socket  *socket     // nil if the client is not let in
	emitted atomic.Bool // something, and nothing else has followed it

	// patience is how long Emit may wait until less waits for the client, in
	// nanoseconds. It is zero while no event of the client is handled.
	patience atomic.Int64
	updates  atomic.Int32 // functions of an Update that run: what they emit must not wait

	// callbacks is held while an event with a callback is emitted: go-socket.io counts
	// a connection's callbacks, in all its namespaces, without a lock.
	callbacks *sync.Mutex
}

// Emit sends an event. It sends a nil last argument as null; go-socket.io would panic.
func (c *conn) Emit(event string, args ...any) {
	if c.wire != nil {
		c.awaitRoom()
		c.wire.Mark(c.Conn.Emit)
	}
	defer c.emitted.Store(true) // not before: what follows now need not wait
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

// awaitRoom waits while much waits for the client, for as long as the event may.
func (c *conn) awaitRoom() {
	left := c.patience.Load()
	if left <= 0 || c.updates.Load() > 0 {
		return
	}
	waited, taken := c.wire.AwaitRoom(time.Duration(left))
	if waited > 0 {
		most := c.socket.common.emitWait
		rest := min(most, time.Duration(left)-waited+time.Duration(taken*float64(most)))
		c.patience.CompareAndSwap(left, int64(rest)) // the event may be over
	}
}

// Join joins a room. Until the first member of this node is heard on others, it waits,
// for a second at most.
func (c *conn) Join(room string) {
	c.Conn.Join(room)
	if c.socket != nil {
		c.socket.namespace.rooms.join(c.socket, room)
	}
}

// Leave leaves a room.
func (c *conn) Leave(room string) {
	c.Conn.Leave(room)
	if c.socket != nil {
		c.socket.namespace.rooms.leave(c.socket, room)
	}
}

// LeaveAll leaves every room.
func (c *conn) LeaveAll() {
	c.Conn.LeaveAll()
	if c.socket != nil {
		c.socket.namespace.rooms.leaveAll(c.socket)
	}
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
	return orRoot(c.Namespace())
}

// orRoot returns a namespace, "/" for "", which names the root too.
func orRoot(namespace string) string { return cmp.Or(namespace, "/") }

// isRoot reports whether c is in the root namespace.
func isRoot(c socketio.Conn) bool { return nameOf(c) == "/" }
