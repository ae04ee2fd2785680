package live_test

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A session that ends without any news is found by the probe within one
// interval, whenever it was heard of last.
func TestProbeIsInTime(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{10 * time.Second, time.Second} {
		config := defaults()
		config.ProbeInterval = interval
		onClock(t, config, 0, 24*time.Hour, func(n *node) {
			n.enter() // the probe runs all the time
			for phase := range 100 {
				m, token := n.enter()
				pass(interval * time.Duration(phase) / 40)
				m.do(func(u *live.Use) { _ = u.Reload() })
				if _, err := n.backend.Delete(t.Context(), token, store.Note{}); err != nil {
					t.Fatal(err)
				}
				from := time.Now()
				if took := m.ended(store.Destroyed, 2*interval).Sub(from); took > interval {
					t.Errorf("after %d/40 of the interval of %v it took %v", phase, interval, took)
				}
			}
		})
	}
}
