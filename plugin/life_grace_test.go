package plugin

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// Sockets stay for StoreGrace after the store was last heard, idle ones too, and
// then end with store_error over a few seconds; negative, they stay for ever.
// Meanwhile PerMessage events are acknowledged store_error, and PerConnection goes
// on in memory.
func TestStoreGraceOnClock(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		scope Scope
		grace time.Duration // of Options
		want  time.Duration // 0: for ever
	}{
		{PerConnection, 0, 30 * time.Second},
		{PerMessage, 0, 30 * time.Second},
		{PerMessage, 5 * time.Minute, 5 * time.Minute},
		{PerConnection, -1, 0},
		{PerMessage, -1, 0},
	} {
		onClock(t, Options{Scope: row.scope, StoreGrace: row.grace}, 0, 24*time.Hour, func(n *clockNode) {
			busy, _ := n.enter("")
			var idle []*clockConn
			for range 20 {
				c, _ := n.enter("")
				idle = append(idle, c)
			}
			pass(time.Minute)
			n.event(busy, func(*Session) {})
			n.memory.down.Store(true)
			down := time.Now()
			pass(time.Second)
			why := n.events.dispatch(n.events.find(busy.ID()), n.events.settings, func(s *Session) error { n.manager.Put(s, "k", "v"); return nil })
			if failed := why != nil && why.Code == CodeStoreError; failed != (row.scope == PerMessage) || why != nil && !failed {
				n.Errorf("an event got %v", why)
			}
			if row.want == 0 {
				pass(24*time.Hour - 2*time.Minute)
				for _, c := range append(idle, busy) {
					if len(c.over) > 0 {
						n.Errorf("sent away: %v", <-c.over)
					}
				}
				return
			}
			latest, earliest := down, down.Add(24*time.Hour)
			for _, c := range append(idle, busy) {
				at := n.ended(c, CodeStoreError, 2*row.want)
				if took := at.Sub(down); took < row.want-n.options.ProbeInterval || took > row.want+live.Departure+time.Second {
					n.Errorf("scope %v, grace %v: sent away after %v", row.scope, row.grace, took)
				}
				if at.After(latest) {
					latest = at
				}
				if at.Before(earliest) {
					earliest = at
				}
			}
			if latest.Sub(earliest) < time.Second {
				n.Errorf("21 sockets end within %v", latest.Sub(earliest))
			}
		})
	}
}

// Close does not wait for sockets that an outage is about to send away.
func TestCloseInAnOutage(t *testing.T) {
	t.Parallel()
	onClock(t, Options{}, 0, 24*time.Hour, func(n *clockNode) {
		for range 19 {
			n.enter("")
		}
		c, _ := n.enter("")
		n.memory.down.Store(true)
		n.event(c, func(s *Session) { _ = s.Reload() })
		pass(n.options.StoreGrace + live.Departure/10)
		start := time.Now()
		if err := n.Close(n.Context()); err != nil {
			n.Errorf("Close: %v", err)
		}
		if took := time.Since(start); took > live.Departure/2 {
			n.Errorf("it took %v", took)
		}
	})
}
