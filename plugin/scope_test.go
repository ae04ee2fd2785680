package plugin_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// DESIGN, Words: what OnConnect and OnDisconnect change is saved in both scopes,
// OnDisconnect's also through Put, Save and Update, and at Close.
func TestConnectAndDisconnectAreSaved(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		for _, end := range []string{"hangup", "leave", "close"} {
			t.Run(end, func(t *testing.T) {
				t.Parallel()
				a := newApp(t, nil, options, func(a *app) {
					m := a.manager
					a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error { m.Put(s, "connect", 1); return nil })
					a.sessions.OnDisconnect("/", func(_ socketio.Conn, s *plugin.Session, _ string) {
						m.Put(s, "saved", 1)
						if err := s.Save(); err != nil {
							t.Errorf("Save in OnDisconnect: %v", err)
						}
						if err := s.Update(func(s *plugin.Session) error { m.Put(s, "n", m.GetInt(s, "n")+1); return nil }); err != nil {
							t.Errorf("Update in OnDisconnect: %v", err)
						}
						m.Put(s, "disconnect", m.GetInt(s, "connect")+1)
					})
					a.sessions.OnEvent("/", "in", func(socketio.Conn, *plugin.Session) bool { return true })
				})
				cookie := a.login("alice")
				c := a.enter(cookie)
				c.ask(`["in"]`) // OnConnect has run: one that Close finds waiting is turned away
				switch end {
				case "hangup":
					c.WS.Close()
				case "leave":
					c.send("41")
				case "close":
					if err := a.sessions.Close(t.Context()); err != nil {
						t.Error(err)
					}
				}
				eventually(t, "both are saved", func() bool {
					stored := a.stored(cookie)
					return stored["connect"] == 1 && stored["disconnect"] == 2 && stored["user"] == "alice"
				})
				if stored := a.stored(cookie); stored["saved"] != 1 || stored["n"] != 1 {
					t.Errorf("stored %v, want saved and n too", stored)
				}
			})
		}
	})
}

// PerConnection: saved within FlushInterval, at disconnect, at Close, and not
// before; nothing is written when nothing changed.
func TestPerConnectionIsSaved(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		interval time.Duration
		end      func(*app, *client)
	}{
		{"interval", 20 * time.Millisecond, func(*app, *client) {}},
		{"disconnect", time.Hour, func(_ *app, c *client) { c.WS.Close() }},
		{"leave", time.Hour, func(_ *app, c *client) { c.send("41") }},
		{"Close", time.Hour, func(a *app, _ *client) { _ = a.sessions.Close(a.Context()) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			spy := newSpy()
			a := newApp(t, spy, plugin.Options{FlushInterval: row.interval}, register)
			cookie := a.login("alice")
			c := a.enter(cookie)
			swaps := spy.count("swap")
			c.ask(`["get","user"]`)
			c.ask(`["put+fail","k","v"]`)
			c.ask(`["put","k","v"]`)
			if row.interval > time.Minute && spy.count("swap") != swaps {
				t.Error("saved before it had to be")
			}
			row.end(a, c)
			eventually(t, "it is saved", func() bool { return a.stored(cookie)["k"] == "v" })
			if n := spy.count("swap") - swaps; n != 1 {
				t.Errorf("%d swaps, want 1", n)
			}
		})
	}
}

// No write when nothing changed, in both scopes, from connect to disconnect.
func TestNothingChangedNothingWritten(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		spy, gone := newSpy(), make(chan struct{})
		a := newApp(t, spy, options, func(a *app) {
			register(a)
			a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error { _ = a.manager.Get(s, "user"); return nil })
			a.sessions.OnDisconnect("/", func(_ socketio.Conn, s *plugin.Session, _ string) { close(gone) })
		})
		c := a.enter(a.login("alice"))
		swaps := spy.count("swap")
		for range 5 {
			c.ask(`["get","user"]`)
			c.ask(`["read","user"]`)
			c.ask(`["put+panic","k","v"]`)
			c.ask(`["write","k","v"]`)
		}
		c.WS.Close()
		recv(t, "OnDisconnect", gone)
		if err := a.sessions.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := spy.count("swap") - swaps + spy.count("touch"); n != 0 {
			t.Errorf("%d writes, want none", n)
		}
	})
}

// Invariant 4: a PerMessage event is in the store when it is acknowledged, and
// it sees what HTTP saved before it was sent.
func TestPerMessageOrder(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{Scope: plugin.PerMessage, FlushInterval: time.Hour}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	for i := range 50 {
		a.get(cookie, fmt.Sprintf("/put?http=%d", i))
		if got, want := c.ask(`["get","http"]`), fmt.Sprintf(`["%d"]`, i); got != want {
			t.Fatalf("the event saw %s, want %s", got, want)
		}
		c.ask(fmt.Sprintf(`["put","socket","%d"]`, i))
		if got := a.stored(cookie)["socket"]; got != fmt.Sprint(i) {
			t.Fatalf("stored %v after the acknowledgement, want %d", got, i)
		}
	}
}

// Invariant 4: when the commit fails, the acknowledgement says so, nothing is
// kept, and OnError hears the stage.
func TestPerMessageCommitFails(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	a := newApp(t, spy, plugin.Options{Scope: plugin.PerMessage, StoreGrace: -1}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	spy.hook(func(op string) {
		if op == "swap" {
			spy.fail(errDown)
		}
	})
	c.ask(`["put","first","v"]`) // its swap sets the failure; the next call has it
	if got := c.ask(`["put","k","v"]`); !strings.Contains(got, `"store_error"`) || strings.Contains(got, "secret") {
		t.Errorf("got %s", got)
	}
	spy.hook(nil)
	spy.fail(nil)
	if got := c.ask(`["get","k"]`); got != `[null]` {
		t.Errorf("the failed event left %s", got)
	}
	failures := strings.Join(a.failures.all(), "\n")
	if !strings.Contains(failures, errDown.Error()) {
		t.Errorf("OnError heard %s", failures)
	}
}

// DESIGN, Words: Options, the namespace and the event override each other.
func TestSettingsOverride(t *testing.T) {
	t.Parallel()
	const message, connection = plugin.PerMessage, plugin.PerConnection
	for _, row := range []struct {
		name      string
		options   plugin.Options
		configure []plugin.Setting
		event     []plugin.Setting
		scope     plugin.Scope
		access    plugin.Access
	}{
		{"options", plugin.Options{Scope: message}, nil, nil, message, plugin.ReadWrite},
		{"namespace over options", plugin.Options{Scope: message}, []plugin.Setting{connection}, nil, connection, plugin.ReadWrite},
		{"event over namespace", plugin.Options{}, []plugin.Setting{message}, []plugin.Setting{connection}, connection, plugin.ReadWrite},
		{"event over options", plugin.Options{}, nil, []plugin.Setting{message}, message, plugin.ReadWrite},
		{"access of options", plugin.Options{Access: plugin.ReadOnly}, nil, nil, connection, plugin.ReadOnly},
		{"access of the namespace", plugin.Options{}, []plugin.Setting{plugin.ReadOnly}, nil, connection, plugin.ReadOnly},
		{"event over all", plugin.Options{Access: plugin.ReadOnly}, []plugin.Setting{plugin.ReadOnly, message}, []plugin.Setting{plugin.ReadWrite}, message, plugin.ReadWrite},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.options.FlushInterval = time.Hour
			a := newApp(t, nil, row.options, func(a *app) {
				a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session) bool { a.manager.Put(s, "k", "v"); return true }, row.event...)
				a.sessions.Configure("/", row.configure...)
			})
			cookie := a.login("alice")
			c := a.enter(cookie)
			if failed := c.ask(`["put"]`) != `[true]`; failed != (row.access == plugin.ReadOnly) {
				t.Errorf("the event failed: %v", failed)
			}
			if row.access == plugin.ReadWrite {
				if saved := a.stored(cookie)["k"] == "v"; saved != (row.scope == message) {
					t.Errorf("saved before the acknowledgement: %v", saved)
				}
			}
		})
	}
}

// A PerMessage session is over after its handler: later calls neither panic
// nor have an effect, its context is done, its methods say ErrOver.
func TestPerMessageSessionIsOver(t *testing.T) {
	t.Parallel()
	spy, kept := newSpy(), make(chan *plugin.Session, 1)
	a := newApp(t, spy, plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "keep", func(_ socketio.Conn, s *plugin.Session) bool { kept <- s; return true })
	})
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	s := recv(t, "the session", kept)
	recv(t, "Done", s.Done())
	if s.Err() == nil {
		t.Error("Err is nil after Done")
	}
	a.manager.Put(s, "late", "v")
	a.manager.Remove(s, "user")
	_ = a.manager.GetString(s, "user")
	for name, err := range map[string]error{
		"Save": s.Save(), "Reload": s.Reload(), "Destroy": s.Destroy(),
		"Update": s.Update(func(*plugin.Session) error { t.Error("change ran"); return nil }),
	} {
		if !errors.Is(err, plugin.ErrOver) {
			t.Errorf("%s: got %v, want ErrOver", name, err)
		}
	}
	c.ask(`["put","k","v"]`)
	if stored := a.stored(cookie); stored["late"] != nil || stored["user"] != "alice" || stored["k"] != "v" {
		t.Errorf("stored %v", stored)
	}
}
