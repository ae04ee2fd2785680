package plugin

import (
	"testing"
	"testing/synctest"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// closedGate is that of connections that have left before they could join.
type closedGate struct{ gate }

func (closedGate) over(*conn) string { return wire.ReasonServer }

// lostGate is that of connections that were over before they could be found: nothing
// of the wire is under them.
type lostGate struct{ gate }

func (lostGate) over(c *conn) string { return wired{}.over(c) }

// A client whose connection is closed by somebody else while it asks for a
// namespace leaves nothing behind: go-socket.io has told of its leaving already.
func TestLeaveBeforeJoin(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]func(gate) gate{
		"closed": func(g gate) gate { return closedGate{g} },
		"lost":   func(g gate) gate { return lostGate{g} },
	} {
		onClock(t, Options{}, 0, 24*time.Hour, func(n *clockNode) {
			n.common.gate = late(n.common.gate)
			n.enter("")
			pass(time.Second)
			n.common.registry.mu.RLock()
			defer n.common.registry.mu.RUnlock()
			if len(n.common.registry.connections)+n.Entries() > 0 {
				n.Errorf("%s: %d connections and %d sessions are left", name, len(n.common.registry.connections), n.Entries())
			}
		})
	}
}

// The same for a client that waits until its last stay in the namespace is over. It
// hears OnDisconnect twice, as it was there twice, and leaves nothing behind.
func TestLeaveWhileWaiting(t *testing.T) {
	t.Parallel()
	onClock(t, Options{}, 0, 24*time.Hour, func(n *clockNode) {
		held, reasons := make(chan bool), make(chan string, 2)
		n.events.onDisconnect = func(_ socketio.Conn, _ *Session, reason string) { reasons <- reason; <-held }
		c, _ := n.enter("")
		n.events.leave(c, "client namespace disconnect")
		again := make(chan error)
		go func() { again <- n.events.enter(c) }()
		synctest.Wait() // it waits for OnDisconnect
		n.events.leave(c, "client namespace disconnect")
		close(held)
		if err := <-again; err != nil {
			n.Error(err)
		}
		pass(time.Second)
		if len(reasons) != 2 || n.Entries() > 0 || n.common.registry.connection(c.ID()) != nil {
			n.Errorf("left %d times of 2, %d sessions are left", len(reasons), n.Entries())
		}
	})
}
