package live_test

import (
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A save tells the backend that the session's life stays as it is only if that is so.
func TestKeepsItsLife(t *testing.T) {
	t.Parallel()
	const lifetime = 10 * time.Hour
	put := func(m *member, value string) {
		t.Helper()
		m.perMessage = true
		if err := m.event(func(u *live.Use) { m.manager.Put(u, "value", value) }); err != nil {
			t.Fatal(err)
		}
	}
	for name, row := range map[string]struct {
		idle   time.Duration
		before func(n *node, token string) // what happens to the session
		during func(m *member)             // and while it is open
		want   int32
	}{
		"without an idle timeout": {want: 1},
		"with one":                {idle: time.Hour, want: 0},
		"a new deadline": {during: func(m *member) {
			m.perMessage = true
			_ = m.event(func(u *live.Use) { m.manager.SetDeadline(u, time.Now().Add(time.Hour)) })
		}, want: 1},
		"stored for a shorter time": {before: func(n *node, token string) {
			b, _, _, _ := n.backend.Memory.Find(n.Context(), token)
			_, _ = n.backend.Memory.Delete(n.Context(), token, store.Note{})
			end := time.Now().Add(time.Hour)
			_, _, _ = n.backend.Memory.Swap(n.Context(), token, store.Change{New: b, Life: store.Life{Expiry: end, Limit: end}})
		}, want: 0},
	} {
		onClock(t, defaults(), row.idle, lifetime, func(n *node) {
			token := n.login()
			if row.before != nil {
				row.before(n, token)
			}
			m := n.enterWith(token)
			pass(time.Minute)
			if row.during != nil {
				row.during(m)
			}
			put(m, "one")
			if got := n.backend.keeps.Load(); got != row.want {
				t.Errorf("%s: %d swaps keep the session's life, want %d", name, got, row.want)
			}
			put(m, "two")
			want := m.entry.Snapshot().Deadline
			if row.idle > 0 {
				want = time.Now().Add(row.idle)
			}
			if _, expiry, _, _ := n.backend.Memory.Find(n.Context(), token); want.Sub(expiry).Abs() > time.Second {
				t.Errorf("%s: it is kept until %v, want %v", name, expiry, want)
			}
		})
	}
}
