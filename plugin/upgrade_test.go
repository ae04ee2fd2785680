package plugin_test

import (
	"net/http"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// upgradeWith moves a polling client to a websocket, with the headers of
// another request if need be. It returns false when that has failed.
func (c *client) upgradeWith(header http.Header) bool {
	c.Helper()
	over := c.Probe(header)
	over.Say("5")
	c.Move(over)
	if c.Version == 4 {
		return true
	}
	c.send("2")
	return c.read() == "3"
}

// upgraded connects by polling with one cookie and moves to a websocket that
// carries another.
func (a *app) upgraded(first, second string) *client {
	a.Helper()
	for range 10 { // stock transports lose some on the way (engine.md 1.2)
		c := a.enterAs(kind{overPolling, 3}, first)
		if c.upgradeWith(withCookie(second)) {
			return c
		}
	}
	a.Fatal("no upgrade succeeded")
	return nil
}

// Trap (engine.md 5): after an upgrade go-socket.io shows the upgrade's cookie.
// The session stays that of the handshake, in namespaces that are entered
// later, and when the root is left and entered again. Our transports refuse an
// upgrade with another session's cookie; one with more cookies than that shows
// what the handshake had.
func TestCookieOfTheHandshake(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		connect []string
		ask     string
	}{
		{"root", nil, "42"},
		{"chat", []string{"40/chat,"}, "42/chat,"},
		{"chat after the root was left", []string{"40/open,", "41", "40/chat,"}, "42/chat,"},
		{"chat after all was left", []string{"41", "40/chat,"}, "42/chat,"},
		{"root again", []string{"41", "40"}, "42"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				for _, namespace := range []string{"/", "/chat", "/open"} {
					a.sessions.OnEvent(namespace, "user", func(c socketio.Conn, s *plugin.Session) string {
						return a.manager.GetString(s, "user") + " " + c.RemoteHeader().Get("Cookie")
					})
				}
			})
			cookie, other := a.login("alice"), a.login("mallory")
			if a.wired() {
				other = cookie + "; theme=dark"
			}
			c := a.upgraded(cookie, other)
			for _, packet := range row.connect {
				c.send(packet)
			}
			c.send(row.ask + `1["user"]`)
			got := c.read()
			for strings.HasPrefix(got, "40") {
				got = c.read()
			}
			if want := `1["alice ` + cookie + `"]`; !strings.HasSuffix(got, want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
