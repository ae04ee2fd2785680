package plugin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A session that ends while OnConnect runs: the client is not left waiting,
// whatever OnConnect returns. Where it returned nil, CONNECT and the end follow
// each other; else the client is refused, for the one reason or the other.
func TestWiredEndWhileEntering(t *testing.T) {
	t.Parallel()
	failure := errors.New("secret reason")
	for _, row := range []struct {
		name   string
		end    func(*app, *plugin.Session) error
		admits bool
		code   string // "" for any
	}{
		{"destroy", func(_ *app, s *plugin.Session) error { return s.Destroy() }, true, "destroyed"},
		{"destroy and fail", func(_ *app, s *plugin.Session) error { _ = s.Destroy(); return failure }, false, ""},
		{"destroy and refuse", func(_ *app, s *plugin.Session) error {
			_ = s.Destroy()
			return &plugin.Refusal{Code: "banned"}
		}, false, ""},
		{"destroy by the manager and fail", func(a *app, s *plugin.Session) error { _ = a.manager.Destroy(s); return failure }, false, ""},
		{"going away", func(a *app, s *plugin.Session) error { go a.sessions.Close(a.Context()); <-s.Done(); return nil }, true, "going_away"},
		{"going away and fail", func(a *app, s *plugin.Session) error {
			go a.sessions.Close(a.Context())
			<-s.Done()
			return failure
		}, false, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, k kind) {
				l := &ledger{}
				a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
					l.watch(a, "/")
					a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error { return row.end(a, s) })
				})
				c := a.connect(k, a.login("alice"))
				if k.version == 4 {
					c.send("40")
				}
				why := ""
				if row.admits {
					c.enters("/")
					why = c.expelled("/")
				} else {
					why = c.refused("/")
				}
				if !strings.HasPrefix(why, `{"code":"`+row.code) {
					t.Errorf("got %s", why)
				}
				c.ends()
				eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 })
				if row.admits {
					eventually(t, "OnDisconnect", func() bool { return l.count("-/") == 1 })
				}
				if n := strings.Count(l.all(), "!"); n != 1 || l.count("-/") > 1 || !row.admits && l.count("-/") > 0 {
					t.Errorf("handlers: %s", l.all())
				}
			})
		})
	}
}

// A session that ends when a namespace was asked for and OnConnect has not begun:
// the client is refused, and neither OnConnect nor OnDisconnect runs.
func TestWiredEndBeforeEntering(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		l, spy := &ledger{}, newSpy()
		wire := transport.New(transport.Options{Logger: discard})
		a := newApp(t, spy, plugin.Options{Transport: wire, FlushInterval: time.Hour}, func(a *app) {
			a.server.OnConnect("/", func(socketio.Conn) error { return nil })
			l.watch(a, "/chat")
			l.watch(a, "/other")
		})
		cookie := a.login("alice")
		c := a.enterAs(k, cookie)
		c.send("40/other,")
		c.enters("/other")
		elsewhere := store.Attach(scs.New(), spy, store.Options{}).Core()
		spy.mu.Lock()
		spy.found = func(key string) { // the last moment at which the store has it
			_ = elsewhere.End(context.Background(), key)
			eventually(t, "both hear of it", func() bool { return l.count("!/chat:destroyed")+l.count("!/other:destroyed") == 2 })
		}
		spy.mu.Unlock()
		c.send("40/chat,")
		seen := map[string]int{}
		for seen["44/chat,"]+seen["40/chat"]+seen["40/chat,"] == 0 || seen[`42/other,["sinvalid",`] == 0 {
			kind, _, _ := strings.Cut(c.read(), "{")
			seen[kind]++
		}
		if seen["44/chat,"] != 1 {
			t.Errorf("got %v", seen)
		}
		c.HangUp()
		eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 && a.sessions.Entries() == 0 })
		if l.count("+/chat")+l.count("-/chat") > 0 {
			t.Errorf("handlers: %s", l.all())
		}
	})
}

// A client that connects when its session has just ended on another node, which
// it is the first to notice here: it is refused, and others of the session hear
// of it too.
func TestWiredConnectAfterEndElsewhere(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		for range 20 {
			spy := newSpy()
			wire := transport.New(transport.Options{Logger: discard})
			a := newApp(t, spy, plugin.Options{Transport: wire, FlushInterval: time.Hour}, register)
			cookie := a.login("alice")
			first := a.enterAs(k, cookie)
			elsewhere := store.Attach(scs.New(), spy, store.Options{}).Core()
			c := a.connect(k, cookie)
			if err := elsewhere.End(context.Background(), tokenOf(cookie)); err != nil {
				t.Fatal(err)
			}
			if k.version == 4 {
				c.send("40")
			}
			got := c.read()
			if strings.HasPrefix(got, "40") { // it was in time
				got = c.read()
			}
			if !strings.Contains(got, `"code":"destroyed"`) && !strings.Contains(got, `"code":"unknown"`) {
				t.Errorf("got %s", got)
			}
			c.HangUp()
			if why := first.expelled("/"); !strings.HasPrefix(why, `{"code":"destroyed"`) {
				t.Errorf("the first got %s", why)
			}
			first.ends()
		}
	})
}

// The end of a session where the root is none of the plugin's: that is left
// alone, unless the client is to come back.
func TestWiredEndOfNamespace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ page, code string }{{"/destroy", "destroyed"}, {"/renew", "renewed"}} {
		t.Run(row.code, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, k kind) {
				l := &ledger{}
				a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
					a.server.OnConnect("/", func(socketio.Conn) error { return nil })
					a.server.OnEvent("/", "raw", func(_ socketio.Conn, n int) int { return n })
					l.watch(a, "/chat")
				})
				cookie := a.login("alice")
				c := a.enterAs(k, cookie)
				c.send("40/chat,")
				c.enters("/chat")
				if k.transport == overPolling && !c.upgradeWith(withCookie(cookie)) {
					t.Fatal("the upgrade failed") // polling without the cookie has its own test
				}
				a.get(cookie, row.page)
				if why := c.expelled("/chat"); !strings.HasPrefix(why, `{"code":"`+row.code+`"`) {
					t.Errorf("got %s", why)
				}
				if row.code == "renewed" {
					c.want("closed")
				} else {
					c.want("41/chat")
					if got := c.ask(`["raw",7]`); got != `[7]` {
						t.Errorf("the root got %s", got)
					}
				}
				eventually(t, "OnDisconnect", func() bool { return l.count("-/chat") == 1 })
			})
		})
	}
}

// A client that comes back before its last stay is over, and hangs up
// meanwhile, was lost and has not left.
func TestWiredLostWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, k := range allKinds {
		reasons, held := make(chan string, 2), make(chan struct{})
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
			a.server.OnConnect("/", func(socketio.Conn) error { return nil })
			a.sessions.OnDisconnect("/chat", func(_ socketio.Conn, _ *plugin.Session, reason string) {
				reasons <- reason
				<-held
			})
		})
		c := a.enterAs(k, a.login("alice"))
		c.send("40/chat,")
		c.enters("/chat")
		c.send("41/chat,")
		if reason := recv(t, "the end of the first stay", reasons); reason != "client namespace disconnect" {
			t.Errorf("%v: the first stay ended for %q", k, reason)
		}
		c.send("40/chat,")
		eventually(t, "it waits to enter", func() bool { return a.sessions.Waiting() == 1 })
		c.HangUp()
		eventually(t, "the connection is forgotten", func() bool { return a.wire.Len() == 0 })
		close(held)
		if reason := recv(t, "the end of the second stay", reasons); reason != "transport close" {
			t.Errorf("%v: the second stay ended for %q", k, reason)
		}
	}
}
