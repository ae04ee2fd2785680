package plugin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// byTheManager registers events that use the manager itself, on sessions whose
// store keys are hashes of their tokens.
func byTheManager(a *app) {
	a.manager.HashTokenInStore = true
	a.sessions.OnEvent("/", "token", func(_ socketio.Conn, s *plugin.Session) string { return a.manager.Token(s) })
	a.sessions.OnEvent("/", "commit", func(_ socketio.Conn, s *plugin.Session, k string) (string, error) {
		a.manager.Put(s, k, true)
		_, _, err := a.manager.Commit(s)
		return "done", err
	})
	a.sessions.OnEvent("/", "destroy", func(_ socketio.Conn, s *plugin.Session) error { return a.manager.Destroy(s) })
}

// Invariants 2 and 8: the manager's calls reach the session of a ticket, and
// nobody is shown the store key, also where a cookie's socket shares the session.
func TestHashedTicket(t *testing.T) {
	t.Parallel()
	for _, scope := range []plugin.Scope{plugin.PerConnection, plugin.PerMessage} {
		t.Run(fmt.Sprint(scope), func(t *testing.T) {
			t.Parallel()
			options := ticketed()
			options.Scope = scope
			a := newApp(t, nil, options, byTheManager)
			cookie := a.login("alice")
			key := a.manager.Store.(*store.Store).Core().Key(tokenIn(cookie))
			stored := func(k string) bool { return a.stored(cookie)[k] == true }
			k := kind{overWebsocket, 3}
			by := a.arrived(k, a.ticket(cookie))
			by.enters("/")
			if got := by.ask(`["token"]`); strings.Contains(got, key) || strings.Contains(got, tokenIn(cookie)) || got == `[""]` {
				t.Errorf("by a ticket the token is %s", got)
			}
			if got := by.ask(`["commit","ticket"]`); got != `["done"]` || !stored("ticket") {
				t.Errorf("by a ticket: %s, stored %v", got, stored("ticket"))
			}
			browser := a.enter(cookie)
			for _, c := range []*client{browser, by} {
				if got := c.ask(`["token"]`); got != `["`+tokenIn(cookie)+`"]` {
					t.Errorf("beside the cookie the token is %s", got)
				}
			}
			for name, c := range map[string]*client{"cookie": browser, "again": by} {
				if got := c.ask(`["commit","` + name + `"]`); got != `["done"]` || !stored(name) {
					t.Errorf("%s: %s, stored %v", name, got, stored(name))
				}
			}
			by.send(`42["destroy"]`)
			for _, c := range []*client{by, browser} {
				if got := c.farewells(); got != "!destroyed" {
					t.Errorf("at Destroy it heard %q", got)
				}
			}
		})
	}
}

// Iterate through a socket's session commits other sessions with bases of their
// own, with and without hashed keys.
func TestIterateInSocket(t *testing.T) {
	t.Parallel()
	for _, scope := range []plugin.Scope{plugin.PerConnection, plugin.PerMessage} {
		for _, hashed := range []bool{false, true} {
			a := newApp(t, nil, plugin.Options{Scope: scope}, func(a *app) {
				a.manager.HashTokenInStore = hashed
				a.sessions.OnEvent("/", "announce", func(_ socketio.Conn, s *plugin.Session) error {
					a.manager.Put(s, "announced", true)
					return a.manager.Iterate(s, func(ctx context.Context) error {
						if a.manager.GetString(ctx, "user") == "mallory" {
							return a.manager.Destroy(ctx)
						}
						a.manager.Remove(ctx, "old")
						a.manager.Put(ctx, "notice", true)
						_, _, err := a.manager.Commit(ctx)
						return err
					})
				})
			})
			alice, bob, mallory := a.login("alice"), a.login("bob"), a.login("mallory")
			a.get(bob, "/put?old=1")
			c := a.enter(alice)
			if got := c.ask(`["announce"]`); got != `[null]` {
				t.Fatalf("got %s", got)
			}
			if got := a.stored(bob); got["notice"] != true || got["old"] != nil || got["user"] != "bob" {
				t.Errorf("bob's session holds %v", got)
			}
			eventually(t, "the handler's own change is saved", func() bool {
				got := a.stored(alice)
				return got["notice"] == true && got["announced"] == true
			})
			ctx, err := a.manager.Load(t.Context(), tokenIn(mallory))
			if err != nil || a.manager.Token(ctx) != "" {
				t.Errorf("mallory's session is there, error %v", err)
			}
			if all, err := a.manager.Store.(*store.Store).AllCtx(context.Background()); err != nil || len(all) != 2 {
				t.Errorf("there are %d sessions, error %v", len(all), err)
			}
		}
	}
}
