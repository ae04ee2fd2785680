package plugin_test

import (
	"fmt"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A session has the same id for the store and for its sockets, also after a ticket,
// which tells no token.
func TestSessionID(t *testing.T) {
	t.Parallel()
	for _, scope := range []plugin.Scope{plugin.PerConnection, plugin.PerMessage} {
		for _, hashed := range []bool{false, true} {
			t.Run(fmt.Sprint(scope, " hashed ", hashed), func(t *testing.T) {
				t.Parallel()
				options := ticketed()
				options.Scope = scope
				a := newApp(t, nil, options, func(a *app) {
					a.manager.HashTokenInStore = hashed
					attached := a.manager.Store.(*store.Store)
					a.sessions.OnEvent("/", "ids", func(_ socketio.Conn, s *plugin.Session) (string, string) {
						return s.ID(), attached.SessionID(s)
					})
				})
				cookie := a.login("alice")
				id := store.ID(a.manager.Store.(*store.Store).Core().Key(tokenIn(cookie)))
				want := fmt.Sprintf("[%q,%q]", id, id)
				k := kind{overWebsocket, 3}
				by := a.arrived(k, a.ticket(cookie))
				by.enters("/")
				for name, c := range map[string]*client{"a ticket": by, "a cookie": a.enter(cookie)} {
					if got := c.ask(`["ids"]`); got != want {
						t.Errorf("by %s: %s, want %s", name, got, want)
					}
				}
			})
		}
	}
}
