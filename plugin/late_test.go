package plugin

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// closedGate is that of connections that have left before they could join.
type closedGate struct{ gate }

func (closedGate) over(*conn) string { return wire.ReasonServer }

// A client whose connection is closed by somebody else while it asks for a
// namespace leaves nothing behind: go-socket.io has told of its leaving already.
func TestLeaveBeforeJoin(t *testing.T) {
	t.Parallel()
	onClock(t, Options{}, 0, 24*time.Hour, func(n *clockNode) {
		n.common.gate = closedGate{n.common.gate}
		n.enter("")
		pass(time.Second)
		n.common.registry.mu.RLock()
		defer n.common.registry.mu.RUnlock()
		if len(n.common.registry.connections)+n.Entries() > 0 {
			n.Errorf("%d connections and %d sessions are left", len(n.common.registry.connections), n.Entries())
		}
	})
}
