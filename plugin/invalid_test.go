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
	"github.com/socketio-sessions/socketio-sessions/store"
)

// DESIGN, Refusal: OnInvalid hears once why, its Data reaches the client, no
// other handler of the namespace runs, and nothing is written to the store.
func TestInvalid(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, cookie, code string }{
		{"no cookie", "", "no_cookie"},
		{"other cookie", "other=1", "no_cookie"},
		{"empty cookie", "session=", "no_cookie"},
		{"unknown token", "session=" + strings.Repeat("u", 43), "unknown"},
		{"malformed token", "session=../../%00%ff{}", "unknown"},
		{"long token", "session=" + strings.Repeat("u", 4096), "unknown"},
		{"failing store", "login", "store_error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l, spy := &ledger{}, newSpy()
			a := newApp(t, spy, plugin.Options{}, func(a *app) {
				register(a)
				l.watch(a, "/")
				a.sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) {
					l.add("!" + why.Code)
					why.Data = map[string]string{"do": "reload"}
				})
				a.sessions.OnEvent("/", "ran", func(socketio.Conn, *plugin.Session) bool { l.add("ran"); return true })
			})
			cookie := row.cookie
			if cookie == "login" {
				cookie = a.login("alice")
				spy.fail(errDown)
			}
			writes := spy.count("swap") + spy.count("touch") + spy.count("delete")
			c := a.dial(cookie)
			c.try(`421["ran"]`)
			why := c.refusedWithAnswer(`[{"error":{"code":"` + row.code + `"`)
			if !strings.HasPrefix(why, `{"code":"`+row.code+`","message":"`) || !strings.HasSuffix(why, `"data":{"do":"reload"}}`) {
				t.Errorf("got %s", why)
			}
			if strings.Contains(why, "secret") {
				t.Errorf("the store's error reached the client: %s", why)
			}
			eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 })
			if got := l.all(); got != "!"+row.code {
				t.Errorf("handlers ran: %s", got)
			}
			if n := spy.count("swap") + spy.count("touch") + spy.count("delete"); n != writes {
				t.Errorf("%d writes", n-writes)
			}
			spy.fail(nil)
		})
	}
}

// refusedWithAnswer expects to be turned away from the root, with an event
// right behind the handshake. Stock transports handle the event, and it is told
// why it was not: before or after the refusal. Ours drop it.
func (c *client) refusedWithAnswer(answer string) (why string) {
	c.Helper()
	if c.app.wired() {
		why = c.refused("/")
		c.ends()
		return why
	}
	c.enters("/")
	var answers int
	for got := c.read(); got != "closed"; got = c.read() {
		switch {
		case strings.HasPrefix(got, "431"+answer):
			answers++
		case strings.HasPrefix(got, `42["sinvalid",`) && why == "":
			why = strings.TrimSuffix(strings.TrimPrefix(got, `42["sinvalid",`), "]")
		default:
			c.Errorf("got %s", got)
		}
	}
	if answers != 1 {
		c.Errorf("got %d acknowledgements, want 1", answers)
	}
	return why
}

// A refused client that leaves the namespace by itself is not left connected:
// demo.md, "and then the server closes the connection".
func TestRefusedClientLeaves(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, register)
	c := a.dial("")
	if why := c.refused("/"); !strings.Contains(why, "no_cookie") {
		t.Fatal(why)
	}
	c.try("41")
	told := time.Now()
	c.drain()
	if took := time.Since(told); took > 3*time.Second {
		t.Errorf("the connection was open for %v", took)
	}
}

// AllowAnonymous: an empty session without an ID that cannot be stored by any
// way, and a store that fails still refuses.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	a := newApp(t, spy, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.AllowAnonymous("/")
		a.sessions.OnEvent("/", "keys", func(_ socketio.Conn, s *plugin.Session) int { return len(a.manager.Keys(s)) })
		a.sessions.OnEvent("/", "commit", func(_ socketio.Conn, s *plugin.Session) bool {
			a.manager.Put(s, "k", "v")
			_, _, err := a.manager.Commit(s)
			return err == nil
		})
		a.sessions.OnEvent("/", "methods", func(_ socketio.Conn, s *plugin.Session) bool {
			for _, err := range []error{s.Save(), s.Reload(), s.Destroy(), s.Update(func(*plugin.Session) error { return nil })} {
				if !errors.Is(err, plugin.ErrAnonymous) {
					t.Errorf("got %v, want ErrAnonymous", err)
				}
			}
			return s.Err() == nil
		})
	})
	cookie := a.login("alice")
	for _, row := range []struct{ name, cookie string }{
		{"no cookie", ""}, {"unknown token", "session=" + strings.Repeat("u", 43)},
	} {
		c := a.enter(row.cookie)
		for _, step := range []struct{ event, want string }{
			{`["id"]`, `[""]`},
			{`["keys"]`, `[0]`},
			{`["get","user"]`, `[null]`},
			{`["methods"]`, `[true]`},
			{`["put","k","v"]`, `[{"error":{"code":"internal","message":"The server failed to handle this."}}]`},
			{`["get","k"]`, `[null]`},
			{`["renew"]`, `[{"error":{"code":"internal","message":"The server failed to handle this."}}]`},
			{`["commit"]`, `[{"error":{"code":"internal","message":"The server failed to handle this."}}]`},
		} {
			if got := c.ask(step.event); got != step.want {
				t.Errorf("%s: %s: got %s, want %s", row.name, step.event, got, step.want)
			}
		}
		c.WS.Close()
		if n := spy.sessions(); n != 1 {
			t.Errorf("%s: %d sessions are stored, want 1: anonymous ones are never stored", row.name, n)
		}
	}
	spy.fail(errDown)
	if why := a.dial(cookie).refused("/"); !strings.Contains(why, "store_error") {
		t.Errorf("a failing store: got %s", why)
	}
	spy.fail(nil)
	c := a.enter(cookie)
	if got := c.ask(`["get","user"]`); got != `["alice"]` {
		t.Errorf("a session in an anonymous namespace: got %s", got)
	}
}

// A Refusal of OnConnect reaches the client with what OnInvalid adds; changes
// that OnConnect made are dropped; OnDisconnect does not run.
func TestRefusalOfConnect(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		l := &ledger{}
		shared := &plugin.Refusal{Code: "login_required", Message: "Log in.", Data: "first"}
		a := newApp(t, nil, options, func(a *app) {
			register(a)
			l.watch(a, "/chat")
			a.sessions.OnConnect("/chat", func(_ socketio.Conn, s *plugin.Session) error {
				a.manager.Put(s, "dropped", true)
				return shared
			})
			a.sessions.OnInvalid("/chat", func(_ socketio.Conn, why *plugin.Refusal) {
				l.add(why.Code)
				why.Data = []any{why.Data, "second"}
			})
		})
		cookie := a.login("alice")
		for range 2 {
			c := a.enter(cookie)
			c.send("40/chat,")
			if why, want := c.refused("/chat"), `{"code":"login_required","message":"Log in.","reconnect":false,"data":["first","second"]}`; why != want {
				t.Errorf("got %q, want %s", why, want)
			}
			if a.wired() {
				c.ask(`["id"]`)
				c.HangUp()
			}
			c.drain()
		}
		if got := l.all(); got != "login_required login_required" {
			t.Errorf("handlers: %s", got)
		}
		if stored := a.stored(cookie); stored["dropped"] != nil || len(a.failures.all()) > 0 {
			t.Errorf("stored %v, OnError heard %v", stored, a.failures.all())
		}
	})
}

// Data that cannot be encoded is dropped and reported; the code arrives all the
// same, at the client and in acknowledgements before it.
func TestRefusalDataThatDoesNotEncode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		data any
	}{
		{"channel", make(chan int)},
		{"function", func() {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error {
					return &plugin.Refusal{Code: "app", Message: "no", Data: row.data}
				})
				a.sessions.OnEvent("/", "event", func(socketio.Conn, *plugin.Session) bool { return true })
			})
			c := a.dial(a.login("alice"))
			c.try(`421["event"]`)
			why := c.refusedWithAnswer(`[{"error":{"code":"app","message":"no"}}]`)
			if want := `{"code":"app","message":"no","reconnect":false,"data":null}`; why != want {
				t.Errorf("got %s, want %s", why, want)
			}
		})
	}
}

// Invariant 6, "subscribe, register, then load": a session that ends between
// the load of a handshake and its registration is caught too.
func TestDestroyedWhileConnecting(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	a := newApp(t, spy, plugin.Options{FlushInterval: time.Hour}, register)
	cookie := a.login("alice")
	spy.mu.Lock()
	elsewhere := store.Attach(scs.New(), spy, store.Options{}).Core()
	spy.found = func(key string) { _ = elsewhere.End(context.Background(), key) }
	spy.mu.Unlock()
	c := a.stepIn(kind{overWebsocket, 3}, cookie) // and is told without an event of its own
	if got := c.read(); !strings.Contains(got, `"sinvalid",{"code":"destroyed"`) {
		t.Errorf("got %s", got)
	}
}

var _ store.Backend = (*spy)(nil)
