package plugin

import (
	"encoding/json"
	"sync/atomic"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
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
	gone     latch.Latch // closed when OnDisconnect has returned and all is saved

	why   atomic.Pointer[Refusal] // set when the client was refused or expelled
	emits mailbox                 // sends what Emit was given
}

// send sends an event when the client is in, without waiting for that. It reports
// whether there was room. It may be called under any lock but the mailbox's.
func (c *client) send(event string, args []json.RawMessage) (fits bool) {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	return c.emits.put(func() {
		c.ready.Wait()
		if c.admitted && c.why.Load() == nil {
			c.conn.Emit(event, values...)
		}
	})
}

// isIn reports whether the client is in its namespace.
func (c *client) isIn() bool {
	return c.ready.IsClosed() && c.admitted && c.why.Load() == nil
}
