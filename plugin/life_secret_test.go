package plugin_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// The session's secret goes nowhere with a ticket, and neither is the ticket in
// the store or the log; and a handler logs out for good, also where the store
// knows only the token's hash.
func TestTicketAndSecrets(t *testing.T) {
	t.Parallel()
	for _, hashed := range []bool{false, true} {
		for _, event := range []string{"destroy", "manager"} {
			log, b := &lines{}, &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
			options := ticketed()
			options.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			a := newApp(t, b, options, func(a *app) {
				register(a)
				a.manager.HashTokenInStore = hashed
				a.sessions.OnEvent("/", "manager", func(_ socketio.Conn, s *plugin.Session) (bool, error) { return true, a.manager.Destroy(s) })
				a.sessions.OnEvent("/", "headers", func(c socketio.Conn, _ *plugin.Session) string {
					b, _ := json.Marshal(c.RemoteHeader())
					return c.URL().RawQuery + string(b)
				})
			})
			cookie := a.login("alice")
			ticket := a.ticket(cookie)
			for key, value := range b.once {
				if strings.Contains(key+string(value), ticket) {
					t.Error("the store holds the ticket")
				}
				if hashed && strings.Contains(string(value), tokenIn(cookie)) {
					t.Error("the store holds the token")
				}
			}
			c := a.arrived(kind{overWebsocket, 3}, ticket)
			c.enters("/")
			if got := c.ask(`["headers"]`); strings.Contains(got, tokenIn(cookie)) || strings.Contains(ticket, tokenIn(cookie)) {
				t.Errorf("the token is in %s", got)
			}
			c.ask(`["put","k","v"]`)
			c.send(`42["` + event + `"]`)
			if got := c.farewells(); got != "!destroyed" {
				t.Errorf("heard %q", got)
			}
			if all, err := b.All(t.Context()); len(all) > 0 || err != nil {
				t.Errorf("hashed %v, %s: %d sessions are left: %q, %v, %v", hashed, event, len(all), all, err, a.failures.all())
			}
			if n := log.count(tokenIn(cookie)) + log.count(ticket); n > 0 {
				t.Errorf("the log holds the token or the ticket %d times", n)
			}
		}
	}
}
