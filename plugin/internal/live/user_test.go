package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A change for which Options.User panics is dropped and told. The store is not taken to fail,
// later changes are saved, and the session is forgotten when its last member leaves.
func TestUserPanics(t *testing.T) {
	t.Parallel()
	manager, config := scs.New(), defaults() // SCS starts a goroutine that never ends
	b := &backend{Memory: store.NewMemory()}
	config.Manager = manager
	config.Store = store.Attach(manager, b, store.Options{User: func(values map[string]any) string {
		if values["user"] == nil {
			return ""
		}
		return values["user"].(string)
	}}).Core()
	synctest.Test(t, func(t *testing.T) {
		n := &node{T: t, manager: manager, config: config, backend: b, failed: make(chan string, 1000)}
		n.Book = live.New(config, n)
		defer n.Close()
		m, token := n.enter()
		m.do(func(u *live.Use) { manager.Put(u, "user", 7) })
		pass(time.Minute)
		if n.Failing() || len(n.failed) != 1 {
			t.Errorf("the store fails: %v; %d failures are told", n.Failing(), len(n.failed))
		}
		m.do(func(u *live.Use) { manager.Put(u, "k", "v") })
		pass(time.Minute)
		if stored := n.stored(token); stored["k"] != "v" || stored["user"] != "alice" {
			t.Errorf("stored %v", stored)
		}
		m.do(func(u *live.Use) { manager.Put(u, "user", 7) })
		m.leave()
		pass(time.Minute)
		if n.Len() > 0 {
			t.Error("the session is kept for ever")
		}
	})
}
