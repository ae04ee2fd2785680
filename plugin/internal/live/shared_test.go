package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// heldCodec decodes for as long as its test wants, once it is armed.
type heldCodec struct {
	scs.Codec
	hold chan func() // what happens during one decoding
}

func (c heldCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	deadline, values, err := c.Codec.Decode(b)
	select {
	case during := <-c.hold:
		during()
	default:
	}
	return deadline, values, err
}

// A change that comes while the first call between handlers makes its view is shown
// there at once, and not only when the session is saved next.
func TestChangeWhileTheViewIsMade(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.FlushInterval = time.Hour
	onClock(t, config, 0, 100*time.Hour, func(n *node) {
		codec := heldCodec{n.manager.Codec, make(chan func(), 1)}
		n.manager.Codec = codec
		m, token := n.enter()
		codec.hold <- func() {
			ctx, err := n.manager.Load(n.Context(), token)
			if err != nil {
				n.Fatal(err)
			}
			n.manager.Put(ctx, "user", "bob")
			if _, _, err := n.manager.Commit(ctx); err != nil {
				n.Fatal(err)
			}
			pass(10 * time.Millisecond)
			m.do(func(u *live.Use) {
				if got := n.manager.GetString(u, "user"); got != "bob" {
					n.Errorf("a handler sees %q", got)
				}
			})
		}
		n.manager.GetString(&m.own, "user")
		pass(10 * time.Millisecond)
		synctest.Wait()
		if got := n.manager.GetString(&m.own, "user"); got != "bob" {
			n.Errorf("a goroutine sees %q", got)
		}
	})
}
