package plugin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// What a PerConnection socket has changed and not saved goes over to the session
// that takes its own over by MergeSession.
func TestMergeSession(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session) bool {
			a.manager.Put(s, "cart", "book")
			return true
		})
	})
	old := a.login("alice")
	c := a.enter(old)
	if got := c.ask(`["put"]`); got != `[true]` {
		t.Fatalf("got %s", got)
	}
	recorder := httptest.NewRecorder()
	a.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := a.manager.MergeSession(r.Context(), tokenIn(old)); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if got := a.stored(cookieIn(recorder.Result())); got["cart"] != "book" || got["user"] != "alice" {
		t.Errorf("merged: %v", got)
	}
	if got := c.farewells(); got != "!renewed" {
		t.Errorf("the socket heard %q", got)
	}
}
