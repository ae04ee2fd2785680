package plugin_test

import (
	"fmt"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// DESIGN, plugin: no client floods the log, or what OnError does. Each cause is
// heard of, also one that comes behind a flood.
func TestFailuresDoNotFlood(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "fail", func(_ socketio.Conn, _ *plugin.Session, n int) (bool, error) {
			return true, fmt.Errorf("no room %d", n)
		})
	})
	c := a.enter(a.login("alice"))
	const flood, few = 100, 5
	for n := range flood {
		if got := c.ask(fmt.Sprintf(`["fail",%d]`, n)); !strings.Contains(got, "internal") {
			t.Fatalf("event %d got %s", n, got)
		}
	}
	c.ask(`["put+fail","k","v"]`)
	heard := a.failures.all()
	if len(heard) != few+1 || heard[0] != "event: no room 0" || heard[few] != "event: secret reason" {
		t.Errorf("heard %d: %q", len(heard), heard)
	}
}
