package plugin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// outsideApp has handlers on the server itself, in a protected namespace, and
// hands out what it takes to use a PerConnection session between events.
func outsideApp(t *testing.T, backend store.Backend, options plugin.Options, more func(*app)) (*app, chan *plugin.Session) {
	t.Helper()
	sessions := make(chan *plugin.Session, 100)
	a := newApp(t, backend, options, func(a *app) {
		register(a)
		a.sessions.Protect("/")
		a.server.OnEvent("/", "raw-put", func(c socketio.Conn, key, value string) bool {
			a.manager.Put(a.sessions.Session(c), key, value)
			return true
		})
		a.server.OnEvent("/", "raw-get", func(c socketio.Conn, key string) any {
			return a.manager.Get(a.sessions.Session(c), key)
		})
		a.server.OnEvent("/", "raw-id", func(c socketio.Conn) string { return a.sessions.Session(c).ID() })
		a.server.OnEvent("/", "raw-destroy", func(c socketio.Conn) bool { return a.manager.Destroy(a.sessions.Session(c)) == nil })
		a.sessions.OnEvent("/", "keep", func(_ socketio.Conn, s *plugin.Session) bool { sessions <- s; return true })
		if more != nil {
			more(a)
		}
	})
	return a, sessions
}

var soon = plugin.Options{FlushInterval: 20 * time.Millisecond}

// Session: "may be kept for as long as the socket is connected, and be used by
// other goroutines, whose changes are saved within the FlushInterval".
func TestSessionBetweenEvents(t *testing.T) {
	t.Parallel()
	a, sessions := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	s := recv(t, "the session", sessions)
	a.manager.Put(s, "later", "v")
	if got := a.manager.GetString(s, "later"); got != "v" {
		t.Errorf("it does not see its own change: %q", got)
	}
	eventually(t, "it is saved", func() bool { return a.stored(cookie)["later"] == "v" })
	if got := c.ask(`["get","later"]`); got != `["v"]` {
		t.Errorf("an event sees %s", got)
	}
	c.ask(`["put","event","v"]`)
	if got := a.manager.GetString(s, "event"); got != "v" {
		t.Errorf("it does not see an event's change: %q", got)
	}
	a.manager.Put(s, "last", "v")
	c.WS.Close()
	eventually(t, "the last change is saved", func() bool { return a.stored(cookie)["last"] == "v" })
	recv(t, "Done", s.Done())
	a.manager.Put(s, "dead", "v")
	if stored := a.stored(cookie); stored["dead"] != nil {
		t.Error("a change after the end is stored")
	}
}

// Protect and Sessions.Session: handlers on the server itself have the session.
func TestRawHandlers(t *testing.T) {
	t.Parallel()
	a, _ := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c := a.enter(cookie)
	if id, own := c.ask(`["raw-id"]`), c.ask(`["id"]`); id != own || id == `[""]` {
		t.Errorf("id %s, want %s", id, own)
	}
	c.ask(`["raw-put","raw","v"]`)
	if got := c.ask(`["raw-get","raw"]`); got != `["v"]` {
		t.Errorf("got %s", got)
	}
	eventually(t, "it is saved", func() bool { return a.stored(cookie)["raw"] == "v" })
}

// Options.FlushInterval is "how old its view of the store may be"; demo.md: an
// open socket follows HTTP's changes within a second. Also where no event of
// the plugin's comes in.
func TestOutsideViewFollowsHTTP(t *testing.T) {
	t.Parallel()
	a, sessions := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	s := recv(t, "the session", sessions)
	a.get(cookie, "/put?http=1")
	late := time.Now().Add(2 * time.Second)
	for a.manager.GetString(s, "http") != "1" && c.ask(`["raw-get","http"]`) != `["1"]` {
		if time.Now().After(late) {
			t.Fatal("the session between events is older than FlushInterval")
		}
	}
}

// Invariant 6: a session that ended over HTTP is not shown to handlers on the
// server itself for ever.
func TestOutsideViewOfEndedSession(t *testing.T) {
	t.Parallel()
	a, _ := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c := a.enter(cookie)
	a.get(cookie, "/destroy")
	late := time.Now().Add(2 * time.Second)
	for c.askOr(`["raw-get","user"]`) == `["alice"]` {
		if time.Now().After(late) {
			t.Fatal("two seconds after the logout a handler still gets the session's values")
		}
	}
}

// Invariant 6: manager.Destroy in a handler on the server itself, or in a
// goroutine, ends the session for its sockets at once.
func TestDestroyOutside(t *testing.T) {
	t.Parallel()
	a, _ := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c, other := a.enter(cookie), a.enter(cookie)
	other.ask(`["id"]`)
	if got := c.ask(`["raw-destroy"]`); got != `[true]` {
		t.Fatal(got)
	}
	other.WS.SetReadDeadline(time.Now().Add(3 * time.Second))
	_, b, err := other.WS.ReadMessage()
	if err != nil || !strings.Contains(string(b), `"sinvalid",{"code":"destroyed"`) {
		t.Errorf("the other socket got %q, %v within 3 s", b, err)
	}
}

// A goroutine's value that cannot be stored must not keep the events of the
// session from being saved, nor take with it what it was to replace.
func TestOutsideValueThatDoesNotEncode(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		a, _ := outsideApp(t, newSpy(), options, func(a *app) {
			a.server.OnEvent("/", "raw-bad", func(c socketio.Conn) bool {
				a.manager.Put(a.sessions.Session(c), "bad", make(chan int))
				a.manager.Put(a.sessions.Session(c), "user", make(chan int))
				return true
			})
		})
		t.Cleanup(func() { _ = a.sessions.Close(t.Context()) }) // it may fail, that is not the point
		cookie := a.login("alice")
		c := a.enter(cookie)
		c.ask(`["raw-bad"]`)
		if got := c.ask(`["put","k","v"]`); got != `[true]` {
			t.Errorf("an event got %s", got)
		}
		late := time.Now().Add(2 * time.Second)
		for a.stored(cookie)["k"] != "v" {
			if time.Now().After(late) {
				t.Fatal("the event's change is not saved after 2 s")
			}
		}
		if got := a.stored(cookie); got["user"] != "alice" || got["bad"] != nil {
			t.Errorf("stored: %v", got)
		}
	})
}

// A change of a goroutine is not lost because a handler that happens to run at
// the same time fails or is ReadOnly; the Session's comment promises to save it.
func TestOutsideChangeDuringHandler(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, event string
		want        string
	}{
		{"failing handler", `["hold+fail"]`, "internal"},
		{"ReadOnly handler", `["hold+read"]`, "true"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			holding, held := make(chan struct{}), make(chan struct{})
			a, sessions := outsideApp(t, newSpy(), soon, func(a *app) {
				hold := func(err error) func(socketio.Conn, *plugin.Session) (bool, error) {
					return func(socketio.Conn, *plugin.Session) (bool, error) {
						close(holding)
						<-held
						return true, err
					}
				}
				a.sessions.OnEvent("/", "hold+fail", hold(plugin.ErrOver))
				a.sessions.OnEvent("/", "hold+read", hold(nil), plugin.ReadOnly)
			})
			cookie := a.login("alice")
			c := a.enter(cookie)
			c.ask(`["keep"]`)
			s := recv(t, "the session", sessions)
			c.send("421" + row.event)
			recv(t, "the handler", holding)
			a.manager.Put(s, "goroutine", "v")
			close(held)
			if got := c.read(); !strings.Contains(got, row.want) {
				t.Errorf("the event got %s, want %s", got, row.want)
			}
			late := time.Now().Add(2 * time.Second)
			for a.stored(cookie)["goroutine"] != "v" {
				if time.Now().After(late) {
					t.Fatal("the goroutine's change is lost")
				}
			}
		})
	}
}

// Sessions.Session in a namespace that the plugin was not told of is that of
// the connection's others, also when the first of them has left.
func TestSessionOfUntoldNamespace(t *testing.T) {
	t.Parallel()
	a, sessions := outsideApp(t, newSpy(), soon, func(a *app) {
		a.sessions.OnEvent("/chat", "echo", func(_ socketio.Conn, _ *plugin.Session, text string) string { return text })
		a.server.OnConnect("/raw", func(socketio.Conn) error { return nil })
		a.server.OnEvent("/raw", "put", func(c socketio.Conn, key, value string) bool {
			a.manager.Put(a.sessions.Session(c), key, value)
			return true
		})
	})
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	root := recv(t, "the root session", sessions)
	c.send("40/chat,")
	c.read()
	c.send("40/raw,")
	c.read()
	c.send(`42/raw,1["put","before","v"]`)
	c.want("43/raw,1[true]")
	c.send("41")
	recv(t, "the root socket is gone", root.Done())
	c.send(`42/raw,2["put","after","v"]`)
	c.want("43/raw,2[true]")
	eventually(t, "the first change is saved", func() bool { return a.stored(cookie)["before"] == "v" })
	late := time.Now().Add(2 * time.Second)
	for a.stored(cookie)["after"] != "v" {
		if time.Now().After(late) {
			t.Fatal("what was put after the root namespace was left is lost")
		}
	}
}

// No handler of a protected namespace runs for a client without a session, also
// with events pipelined behind CONNECT.
func TestProtect(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, namespace, connect, event string }{
		{"root", "/", "", `421["raw"]`},
		{"chat", "/chat", "40/chat,", `42/chat,1["raw"]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				if row.namespace != "/" {
					a.sessions.AllowAnonymous("/")
				}
				a.sessions.Protect(row.namespace)
				a.server.OnEvent(row.namespace, "raw", func(socketio.Conn) bool { l.add("raw"); return true })
			})
			for range 100 {
				c := a.dial("")
				packets := append([]string{row.connect}, slices.Repeat([]string{row.event}, 20)...)
				for _, packet := range packets {
					if packet != "" && !c.try(packet) {
						break
					}
				}
				if !a.wired() {
					c.drain()
					continue
				}
				if row.namespace != "/" {
					c.enters("/")
				}
				c.refused(row.namespace)
				c.pong()
				c.HangUp()
			}
			eventually(t, "all packets were looked at", func() bool { return a.server.Count() == 0 })
			if n := l.count("raw"); n > 0 {
				t.Errorf("%d handlers ran for refused clients", n)
			}
		})
	}
}
