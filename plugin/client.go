package plugin

import (
	"sync/atomic"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A client is the far end of a socket: whether it is in its namespace, and what is
// sent to it.
type client struct {
	conn   *conn
	handed socketio.Conn // conn, as handlers get it
	script int           // the version of the page's client script, noScript if it has none

	ready    latch.Latch // closed when the client was admitted or refused
	admitted bool        // OnConnect has succeeded; set before ready closes
	left     latch.Latch // closed when the client has left
	reason   string      // why it left; set before left closes
	sentOut  atomic.Bool // set when it must go
	parted   latch.Latch // closed when it has been told why, and has had its time to leave
	gone     latch.Latch // closed when OnDisconnect has returned and all is saved

	why   atomic.Pointer[Refusal] // set when the client was refused or expelled
	emits mailbox                 // sends what Sessions.Emit was given, on stock transports
}

// send sends an event when the client is in, without waiting for that. It reports
// whether there was room. It may be called under any lock but the mailbox's and the
// wire's.
func (c *client) send(cast *wire.Cast) (fits bool) {
	if w := c.conn.wire; w != nil {
		if w.Cast(cast, &c.conn.emitted) {
			go w.Mark(c.conn.Conn.Emit) // ends when go-socket.io has taken the placeholder
		}
		return true
	}
	return c.emits.put(func() {
		c.ready.Wait()
		if c.admitted && c.why.Load() == nil {
			event, args := stockEvent(cast)
			c.conn.Emit(event, args...)
		}
	})
}

// tell is send of an event of our own.
func (c *client) tell(event string, args ...any) (fits bool) {
	cast, err := wire.NewCast(nameOf(c.conn), event, args)
	return err == nil && c.send(cast)
}

// isIn reports whether the client is in its namespace.
func (c *client) isIn() bool {
	return c.ready.IsClosed() && c.admitted && c.why.Load() == nil && !c.left.IsClosed()
}
