package live_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A change that could not be saved is saved within two seconds of the store's
// return, however long that was away and however seldom changes are saved.
func TestOutageIsOverInTime(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{time.Second, -1} {
		for _, gone := range []time.Duration{time.Second, time.Minute, time.Hour} {
			config := defaults()
			config.StoreGrace, config.FlushInterval = grace, 10*time.Second
			onClock(t, config, 0, 24*time.Hour, func(n *node) {
				m, token := n.enter()
				n.backend.down.Store(true)
				m.do(func(u *live.Use) { n.manager.Put(u, "k", "v"); go func() { _ = u.Save() }() })
				pass(n.config.FlushInterval + gone)
				n.backend.down.Store(false)
				pass(2 * time.Second)
				if stored := n.stored(token); stored["k"] != "v" {
					t.Errorf("StoreGrace %v, away for %v: stored %v", grace, gone, stored)
				}
			})
		}
	}
}

// An outage that is over in time ends nobody, however often it comes.
func TestShortOutages(t *testing.T) {
	t.Parallel()
	onClock(t, defaults(), 0, 24*time.Hour, func(n *node) {
		m, _ := n.enter()
		for range 20 {
			n.backend.down.Store(true)
			pass(20 * time.Second)
			n.backend.down.Store(false)
			pass(20 * time.Second)
		}
		// One failure, and nobody asks for a long time: the store is asked first.
		n.backend.down.Store(true)
		pass(n.config.ProbeInterval) // a probe fails
		n.backend.down.Store(false)
		pass(time.Hour)
		if len(m.over) > 0 {
			n.Errorf("sent away: %v", <-m.over)
		}
	})
}

// A store that nobody has asked for longer than StoreGrace, since all were idle and it
// tells of changes, was there until it fails: its first failure ends nobody.
func TestOutageAfterALongRest(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.ProbeInterval = 100 * time.Second
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		m, _ := n.enter()
		for range 20 { // at several moments between two probes
			pass(97 * time.Second)
			n.backend.down.Store(true)
			pass(15 * time.Second)
			n.backend.down.Store(false)
		}
		if len(m.over) > 0 {
			n.Errorf("sent away: %v", <-m.over)
		}
		n.backend.down.Store(true)
		m.ended(away, config.ProbeInterval+config.StoreGrace)
	})
}

// Somebody who comes finds out that the store is gone, though nobody who is there asks it.
func TestOutageBeginsWithWhoComes(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.ProbeInterval = 100 * time.Second
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		m, _ := n.enter()
		token := n.login()
		n.backend.down.Store(true)
		if err := n.newMember().join(token); !live.IsStoreError(err) {
			t.Errorf("got %v", err)
		}
		m.ended(away, config.StoreGrace+time.Second)
		n.backend.down.Store(false)
		n.enterWith(token)
		if n.Failing() {
			t.Error("the store has answered, and is taken to fail")
		}
	})
}

// A store that has failed for somebody who has come and gone is asked again, though nobody else does: it
// is not taken to fail for longer than it does.
func TestOutageEndsThoughNobodyAsks(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.ProbeInterval, config.StoreGrace = 100*time.Second, -1
	onBackend(t, &backend{Memory: store.NewMemory(), pulse: new(atomic.Int64)}, config, 0, 24*time.Hour, func(n *node) {
		n.enter()
		token := n.login()
		n.backend.down.Store(true)
		if err := n.newMember().join(token); !live.IsStoreError(err) {
			t.Errorf("got %v", err)
		}
		n.backend.down.Store(false)
		pass(10 * time.Second)
		if n.Failing() {
			t.Error("the store is there, and is taken to fail")
		}
	})
}

// A store that falls silent is asked, though nobody else does: whoever is there goes when
// StoreGrace is over, counted from when it was last heard.
func TestOutageOfASilentStore(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{30 * time.Second, time.Minute} {
		config := defaults()
		config.ProbeInterval, config.StoreGrace = 100*time.Second, grace
		onBackend(t, &backend{Memory: store.NewMemory(), pulse: new(atomic.Int64)}, config, 0, 24*time.Hour, func(n *node) {
			m, _ := n.enter()
			pass(50 * time.Second)
			n.config.Store.Heard()
			n.backend.down.Store(true)
			down := time.Now()
			if took := m.ended(away, 2*grace).Sub(down); took < grace-time.Second || took > grace+time.Second {
				n.Errorf("grace %v: sent away after %v", grace, took)
			}
		})
	}
}

// Sessions are sent away when the store has not answered for StoreGrace, idle ones
// too; negative, never. Meanwhile PerMessage events fail, and PerConnection goes on
// in memory.
func TestStoreGraceIsInTime(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		perMessage bool
		grace      time.Duration // negative: for ever
	}{
		{false, 30 * time.Second}, {true, 30 * time.Second}, {true, 5 * time.Minute}, {false, -1}, {true, -1},
	} {
		config := defaults()
		config.StoreGrace = row.grace
		onClock(t, config, 0, 24*time.Hour, func(n *node) {
			n.perMessage = row.perMessage
			busy, _ := n.enter()
			idle, _ := n.enter()
			pass(time.Minute)
			busy.do(func(*live.Use) {})
			n.backend.down.Store(true)
			down := time.Now()
			pass(time.Second)
			err := busy.event(func(u *live.Use) { n.manager.Put(u, "k", "v") })
			if failed := live.IsStoreError(err); failed != row.perMessage || err != nil && !failed {
				n.Errorf("an event got %v", err)
			}
			if row.grace < 0 {
				pass(24*time.Hour - 2*time.Minute)
				if len(busy.over)+len(idle.over) > 0 {
					n.Error("sent away")
				}
				return
			}
			for _, m := range []*member{busy, idle} {
				took := m.ended(away, 2*row.grace).Sub(down)
				if took < row.grace-config.ProbeInterval || took > row.grace+time.Second {
					n.Errorf("grace %v: sent away after %v", row.grace, took)
				}
			}
		})
	}
}
