package plugin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// DESIGN, plugin: no client floods the log, or what OnError does. Each cause is
// heard of, also one that comes behind a flood, and each event by itself.
func TestFailuresDoNotFlood(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "fail", func(_ socketio.Conn, _ *plugin.Session, n int) (bool, error) {
			return true, fmt.Errorf("no room %d", n)
		})
		a.sessions.OnEvent("/", "fail too", func(socketio.Conn, *plugin.Session) error { return errors.New("no room 7") })
	})
	c := a.enter(a.login("alice"))
	const flood, few = 100, 5
	for n := range flood {
		if got := c.ask(fmt.Sprintf(`["fail",%d]`, n)); !strings.Contains(got, "internal") {
			t.Fatalf("event %d got %s", n, got)
		}
	}
	c.ask(`["put+fail","k","v"]`)
	c.ask(`["fail too"]`)
	heard := a.failures.all()
	if len(heard) != few+2 || heard[0] != "event: no room 0" || heard[few] != "event: secret reason" || heard[few+1] != "event: no room 7" {
		t.Errorf("heard %d: %q", len(heard), heard)
	}
}
