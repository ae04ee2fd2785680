package plugin_test

import (
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// An event that makes the session too large changes nothing, is acknowledged with
// the code, and its socket stays.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session, n int) bool {
			a.manager.Put(s, "k", strings.Repeat("x", n))
			return true
		})
		a.sessions.OnEvent("/", "update", func(_ socketio.Conn, s *plugin.Session, n int) error {
			return s.Update(func(s *plugin.Session) error {
				a.manager.Put(s, "k", strings.Repeat("x", n))
				return nil
			})
		})
		a.sessions.OnEvent("/", "renew", func(_ socketio.Conn, s *plugin.Session, n int) error {
			return s.Renew(map[string]any{"k": strings.Repeat("x", n)})
		})
	})
	cookie := a.login("alice")
	c := a.enter(cookie)
	for _, event := range []string{"put", "update", "renew"} {
		if got := c.ask(`["` + event + `",1048576]`); !strings.Contains(got, `{"error":{"code":"too_large","message":"`) {
			t.Errorf("%s is acknowledged %.200s", event, got)
		}
		if got := c.ask(`["put",7]`); got != `[true]` {
			t.Errorf("after %s: %s", event, got)
		}
	}
	if got := a.stored(cookie); got["k"] != "xxxxxxx" || got["user"] != "alice" {
		t.Errorf("%d keys are stored", len(got))
	}
}
