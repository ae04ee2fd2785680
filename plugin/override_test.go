package plugin_test

import (
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// The first client hangs up while a handler runs, so that OnDisconnect comes late: that is
// no mistake of the app's.
func TestNoOverrideOfALateEnd(t *testing.T) {
	t.Parallel()
	m := newMistaken(t)
	sessions := m.mounted()
	runs, goOn, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	sessions.OnEvent("/", "slow", func(socketio.Conn, *plugin.Session) { close(runs); <-goOn })
	sessions.OnDisconnect("/", func(socketio.Conn, *plugin.Session, string) { close(left) })
	m.comes(func(c *rawclient.Client) {
		c.Say(`42["slow"]`)
		<-runs
	})
	eventually(t, "the transport has forgotten the client", func() bool { return m.wire.Len() == 0 })
	after := time.NewTimer(plugin.DepartWait + time.Second/2) // the time that it is about
	defer after.Stop()
	<-after.C
	close(goOn)
	<-left
	if m.log.count("in place of the plugin's") > 0 {
		t.Error("the plugin takes its own handler for another")
	}
}
