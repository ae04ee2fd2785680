package plugin_test

import (
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Invariant 7: inbound events keep a session alive, connects, heartbeats and
// pushes do not.
func TestEventsKeepAlive(t *testing.T) {
	t.Parallel()
	const idle = 400 * time.Millisecond
	for _, row := range []struct {
		name  string
		keep  func(a *app, cookie string, c *client)
		alive bool
	}{
		{"nothing", func(*app, string, *client) {}, false},
		{"events", func(_ *app, _ string, c *client) { c.askOr(`["get","user"]`) }, true},
		{"ReadOnly events", func(_ *app, _ string, c *client) { c.askOr(`["read","user"]`) }, true},
		{"failing events", func(_ *app, _ string, c *client) { c.askOr(`["put+fail","k","v"]`) }, true},
		{"connects", func(a *app, cookie string, _ *client) { a.dial(cookie).WS.Close() }, false},
		{"repeated CONNECT", func(_ *app, _ string, c *client) { c.try("40"); c.pong() }, false},
		{"heartbeats", func(_ *app, _ string, c *client) { c.pong() }, false},
		{"handlers on the server", func(_ *app, _ string, c *client) { c.askOr(`["raw"]`) }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				a := newApp(t, nil, options, func(a *app) {
					register(a)
					a.manager.IdleTimeout = idle
					a.server.OnEvent("/", "raw", func(c socketio.Conn) bool {
						return a.manager.Exists(a.sessions.Session(c), "user")
					})
				})
				// lives tells whether the session is alive after twice its time, and
				// whether the machine let it be used often enough.
				lives := func() (alive, often bool) {
					cookie := a.login("alice")
					c := a.enter(cookie)
					defer c.HangUp()
					tick := time.NewTicker(idle / 8)
					defer tick.Stop()
					often = true
					used := time.Now()
					for over := used.Add(2 * idle); time.Now().Before(over); <-tick.C {
						if a.stored(cookie) == nil {
							break
						}
						row.keep(a, cookie, c)
						often = often && time.Since(used) < idle/2
						used = time.Now()
					}
					alive = a.stored(cookie) != nil
					return alive, often && time.Since(used) < idle/2
				}
				alive, often := lives()
				for row.alive && !alive && !often {
					alive, often = lives()
				}
				if alive != row.alive {
					t.Errorf("the session is alive: %v, want %v", alive, row.alive)
				}
			})
		})
	}
}

// A backend that cannot tell when a session ends is not told that it has, when
// something is saved before the first event.
func TestSavedBeforeFirstEvent(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		connected := make(chan bool, 1)
		a := newApp(t, store.Wrap(memstore.NewWithCleanupInterval(0)), options, func(a *app) {
			a.manager.IdleTimeout = time.Hour
			register(a)
			a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error {
				a.manager.Put(s, "connect", true)
				connected <- true
				return nil
			})
		})
		cookie := a.login("alice")
		c := a.enter(cookie)
		recv(t, "OnConnect", connected)
		var stored map[string]any
		eventually(t, "it is saved", func() bool {
			stored = a.stored(cookie)
			return stored == nil || stored["connect"] == true
		})
		if stored["user"] != "alice" {
			t.Errorf("stored: %v", stored)
		}
		c.still("alice")
	})
}

// pong sends a heartbeat and waits for its answer, or the end.
func (c *client) pong() {
	c.Helper()
	c.try("2")
	for got := ""; got != "3" && got != "closed"; got = c.read() {
	}
}

// Invariant 7: at most one touch in a tenth of the idle timeout, and one
// trailing, which tells of the last use.
func TestTouchesAreThrottled(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		const idle = 3 * time.Second
		spy := newSpy()
		a := newApp(t, spy, options, func(a *app) { register(a); a.manager.IdleTimeout = idle })
		c := a.enter(a.login("alice"))
		started := time.Now()
		events := 0
		var last, answered time.Time
		for time.Since(started) < idle/10+idle/20 {
			last = time.Now()
			c.ask(`["get","user"]`)
			answered = time.Now()
			events++
		}
		want := int(time.Since(started)/(idle/10)) + 1
		if n := spy.count("touch"); n < 1 || n > want {
			t.Errorf("%d touches for %d events in %v, want 1 to %d", n, events, time.Since(started), want)
		}
		eventually(t, "the trailing touch", func() bool { return !spy.lastExpiry().Before(last.Add(idle)) })
		if late := spy.lastExpiry().Sub(answered); late > idle {
			t.Errorf("the last expiry is %v after the last use, want %v", late, idle)
		}
		if n := spy.count("touch"); n > want+1 {
			t.Errorf("%d touches, want at most one trailing", n)
		}
	})
}

// The last use is told at disconnect, and the session is then forgotten: an
// entry lives "until the last socket has left and every change is saved".
func TestForgottenAfterDisconnect(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		spy := newSpy()
		a := newApp(t, spy, options, func(a *app) { register(a); a.manager.IdleTimeout = time.Hour })
		c := a.enter(a.login("alice"))
		c.ask(`["get","user"]`)
		eventually(t, "the first touch", func() bool { return spy.count("touch") == 1 })
		last := time.Now()
		c.ask(`["get","user"]`)
		c.WS.Close()
		eventually(t, "the last use is told", func() bool { return !spy.lastExpiry().Before(last.Add(time.Hour)) })
		late := time.Now().Add(2 * time.Second)
		for a.sessions.Entries() > 0 {
			if time.Now().After(late) {
				t.Fatal("the session is still held in memory 2 s after its last socket")
			}
		}
	})
}

// A failed save is tried again, also when the last socket has left.
func TestFailedSaveIsTriedAgain(t *testing.T) {
	t.Parallel()
	spy, options := newSpy(), soon
	options.StoreGrace = -1 // or a save that fails early ends the connection
	a := newApp(t, spy, options, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["get","user"]`)
	spy.fail(errDown)
	for _, event := range []string{`["put","k","v"]`, `["put","l","v"]`} {
		if got := c.ask(event); got != `[true]` {
			t.Errorf("%s without a store: got %s", event, got)
		}
	}
	if got := c.ask(`["count"]`); got != `[{"error":{"code":"store_error","message":"The session cannot be read or saved at the moment."}}]` {
		t.Errorf("an Update without a store: got %s", got)
	}
	c.WS.Close()
	eventually(t, "the connection is gone", func() bool { return a.server.Count() == 0 })
	spy.fail(nil)
	eventually(t, "both changes are saved", func() bool {
		stored := a.stored(cookie)
		return stored["k"] == "v" && stored["l"] == "v"
	})
	eventually(t, "the session is forgotten", func() bool { return a.sessions.Entries() == 0 })
}
