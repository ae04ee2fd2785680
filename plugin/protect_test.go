package plugin_test

import (
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Handlers that stay on the server join rooms unseen. In a protected namespace that counts
// within a second, from the first time on.
func TestProtectedRooms(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.Protect("/old")
		a.server.OnEvent("/old", "join", func(c socketio.Conn) string { c.Join("lobby"); return "ok" })
	})
	c := a.enter(a.login("alice")).in("/old")
	c.askIn("/old", `["join"]`)
	start := time.Now()
	eventually(t, "it counts", func() bool { return len(a.sessions.Sockets(plugin.Room("lobby"), "/old")) == 1 })
	if took := time.Since(start); took > 5*time.Second { // other namespaces are looked at each 10 s
		t.Errorf("it took %v", took)
	}
}
