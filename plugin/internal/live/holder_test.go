package live_test

import (
	"errors"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A request sees what members have changed and not saved yet.
func TestFlushBeforeRequest(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.FlushInterval = time.Hour
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		m, token := n.enter()
		m.do(func(u *live.Use) { n.manager.Put(u, "k", "v") })
		ctx, err := n.manager.Load(store.Begin(t.Context()), token)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.manager.GetString(ctx, "k"); got != "v" {
			t.Errorf("a request sees %q", got)
		}
	})
}

// A session that a request renews goes on with all that members have changed, and
// takes no change more: it would be lost.
func TestHandOver(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.FlushInterval = time.Hour
	onClock(t, config, 0, 24*time.Hour, func(n *node) {
		m, token := n.enter()
		ctx, err := n.manager.Load(store.Begin(t.Context()), token)
		if err != nil {
			t.Fatal(err)
		}
		m.do(func(u *live.Use) { n.manager.Put(u, "k", "v") })
		late := func(u *live.Use) { n.manager.Put(u, "late", "v") }
		n.backend.deleting = func() { // all is saved, and the session has not ended
			if err := m.event(late); !errors.Is(err, store.ErrGone) {
				t.Errorf("a change meanwhile: %v, want ErrGone", err)
			}
		}
		if err := n.manager.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		n.backend.deleting = nil
		if err := m.event(late); !errors.Is(err, store.ErrGone) {
			t.Errorf("a change afterwards: %v, want ErrGone", err)
		}
		renewed, _, err := n.manager.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		m.ended(store.Renewed, time.Second)
		if stored := n.stored(renewed); stored["k"] != "v" || stored["late"] != nil {
			t.Errorf("the session goes on with %v", stored)
		}
	})
}

// What cannot be saved keeps a session from being renewed, and nothing else.
func TestHandOverFails(t *testing.T) {
	t.Parallel()
	onClock(t, defaults(), 0, 24*time.Hour, func(n *node) {
		m, token := n.enter()
		ctx, err := n.manager.Load(store.Begin(t.Context()), token)
		if err != nil {
			t.Fatal(err)
		}
		m.do(func(u *live.Use) { n.manager.Put(u, "k", "v") })
		n.backend.down.Store(true)
		if err := n.manager.RenewToken(ctx); err == nil {
			t.Error("the session is renewed, and the change is lost")
		}
		n.backend.down.Store(false)
		m.do(func(u *live.Use) { n.manager.Put(u, "more", "v") })
		pass(2 * n.config.FlushInterval)
		if stored := n.stored(token); stored["k"] != "v" || stored["more"] != "v" {
			t.Errorf("stored %v", stored)
		}
	})
}
