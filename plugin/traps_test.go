package plugin_test

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Trap (engine.md 2): Emit in OnConnect deadlocks in the root namespace and
// overtakes "connect" in others.
func TestEmitInOnConnect(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		for _, namespace := range []string{"/", "/chat"} {
			a.sessions.OnConnect(namespace, func(c socketio.Conn, _ *plugin.Session) error {
				c.Emit("hello", namespace)
				return nil
			})
		}
	})
	cookie := a.login("alice")
	for range 200 {
		c := a.enter(cookie)
		c.want(`42["hello","/"]`)
		c.send("40/chat,")
		got := []string{c.read(), c.read()}
		if !a.wired() { // stock transports let the event overtake CONNECT, clients keep it
			slices.Sort(got)
		}
		if !strings.HasPrefix(got[0], "40/chat") || got[1] != `42/chat,["hello","/chat"]` {
			t.Fatalf("got %q", got)
		}
		c.WS.Close()
	}
}

// Trap: a refused namespace is told why in the right place: after "connect", as
// stock.go says, in place of it on our transports, which leave the rest of the
// connection alone.
func TestRefusalOfNamespace(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return nil })
		a.sessions.OnConnect("/chat", func(socketio.Conn, *plugin.Session) error {
			return &plugin.Refusal{Code: "login_required", Message: "no"}
		})
	})
	cookie := a.login("alice")
	for range 100 {
		c := a.enter(cookie)
		c.send("40/chat,")
		if why := c.refused("/chat"); why != `{"code":"login_required","message":"no","reconnect":false,"data":null}` {
			t.Fatalf("got %s", why)
		}
		if a.wired() {
			c.pong()
		}
		c.WS.Close()
	}
}

// Trap (engine.md 3): Close in OnDisconnect deadlocks, Close elsewhere runs
// OnDisconnect beside the handler.
func TestCloseInHandlers(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"connect", "event", "disconnect", "elsewhere", "chat connect"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			l := &ledger{}
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				a.sessions.OnConnect("/", func(c socketio.Conn, _ *plugin.Session) error {
					l.add("connect")
					if where == "connect" {
						c.Close()
					}
					return nil
				})
				a.sessions.OnConnect("/chat", func(c socketio.Conn, _ *plugin.Session) error { return c.Close() })
				a.sessions.OnEvent("/", "close", func(c socketio.Conn, _ *plugin.Session) bool {
					if where == "event" {
						c.Close()
					}
					if where == "elsewhere" {
						go c.Close()
					}
					return true
				})
				a.sessions.OnDisconnect("/", func(c socketio.Conn, _ *plugin.Session, _ string) {
					c.Close()
					c.Emit("never", 1)
					l.add("disconnect")
				})
			})
			c := a.stepIn(kind{overWebsocket, 3}, a.login("alice"))
			switch where {
			case "disconnect":
				c.send("41")
			case "chat connect":
				c.send("40/chat,")
			default:
				c.send(`42["close"]`)
			}
			c.drain()
			eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 && l.count("disconnect") == 1 })
			if l.count("connect") != 1 {
				t.Errorf("got %s", l.all())
			}
		})
	}
}

// Invariant: OnDisconnect never runs beside another handler of its connection, nor an
// event after it, also when Close is called from elsewhere.
func TestDisconnectBesideEvent(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		var inside, beside, late atomic.Int32
		var ended sync.Map // by connection
		step := func() {
			if inside.Add(1) > 1 {
				beside.Add(1)
			}
			runtime.Gosched()
			inside.Add(-1)
		}
		gone := make(chan struct{}, 1)
		conns := make(chan socketio.Conn, 1)
		a := newApp(t, nil, options, func(a *app) {
			a.sessions.OnConnect("/", func(c socketio.Conn, _ *plugin.Session) error { step(); conns <- c; return nil })
			event := func(c socketio.Conn, _ *plugin.Session) {
				step()
				if _, over := ended.Load(c.ID()); over {
					late.Add(1)
				}
			}
			a.sessions.OnEvent("/", "read", event, plugin.ReadOnly)
			a.sessions.OnEvent("/", "write", event)
			a.sessions.OnDisconnect("/", func(c socketio.Conn, _ *plugin.Session, _ string) {
				step()
				ended.Store(c.ID(), true)
				gone <- struct{}{}
			})
		})
		cookie := a.login("alice")
		for range 30 {
			c := a.enter(cookie)
			conn := recv(t, "OnConnect", conns)
			for range 10 {
				c.send(`42["read"]`)
				c.send(`42["write"]`)
			}
			go conn.Close()
			recv(t, "OnDisconnect", gone)
		}
		if n := beside.Load(); n > 0 {
			t.Errorf("%d handlers ran beside another", n)
		}
		if n := late.Load(); n > 0 {
			t.Errorf("%d events ran after OnDisconnect", n)
		}
	})
}

// Invariants 5 and 10: a panic in any function of the app is contained, told to
// OnError with its stage, and ends at most its own connection.
func TestPanics(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, cookie, stage, want string }{
		{"connect", "user", plugin.StageConnect, "internal"},
		{"disconnect", "user", plugin.StageDisconnect, ""},
		{"invalid", "none", plugin.StageInvalid, "no_cookie"},
		{"cutter", "user", plugin.StageConnect, "internal"},
		{"update", "user", plugin.StageEvent, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			boom := func(where string) {
				if where == row.name {
					panic("boom")
				}
			}
			options := plugin.Options{Cutter: func(r *http.Request) string {
				boom("cutter")
				return plugin.FromCookie("session")(r)
			}}
			a := newApp(t, nil, options, func(a *app) {
				a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { boom("connect"); return nil })
				a.sessions.OnDisconnect("/", func(socketio.Conn, *plugin.Session, string) { boom("disconnect") })
				a.sessions.OnInvalid("/", func(socketio.Conn, *plugin.Refusal) { boom("invalid") })
				a.sessions.OnEvent("/", "update", func(_ socketio.Conn, s *plugin.Session) error {
					return s.Update(func(s *plugin.Session) error { a.manager.Put(s, "n", 1); boom("update"); return nil })
				})
			})
			cookie := a.login("alice")
			if row.cookie == "none" {
				cookie = ""
			}
			c := a.dial(cookie)
			if row.want != "" {
				if why := c.refused("/"); !strings.HasPrefix(why, `{"code":"`+row.want+`"`) {
					t.Errorf("got %s", why)
				}
				c.ends()
			} else {
				c.enters("/")
				got := c.ask(`["update"]`)
				if failed := strings.Contains(got, "internal"); failed != (row.name == "update") {
					t.Errorf("update: got %s", got)
				}
				c.WS.Close()
			}
			eventually(t, "OnError", func() bool {
				return strings.Contains(strings.Join(a.failures.all(), "\n"), row.stage+": panic: boom")
			})
			eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 })
		})
	}
}

// Trap (engine.md 3 and 7): refusals leak their connection, "Count()=100". Not
// parallel: it counts goroutines.
func TestRefusalsLeakNothing(t *testing.T) { //nolint:paralleltest // it counts goroutines
	spy := newSpy()
	var refused atomic.Int32
	a := newApp(t, spy, plugin.Options{}, func(a *app) {
		a.sessions.OnInvalid("/", func(socketio.Conn, *plugin.Refusal) { refused.Add(1) })
	})
	before := runtime.NumGoroutine()
	var all sync.WaitGroup
	for range 100 {
		c := a.dial("session=" + strings.Repeat("x", 43))
		all.Go(func() {
			c.drain()
			c.WS.Close()
		})
	}
	all.Wait()
	eventually(t, "every connection and goroutine is gone", func() bool {
		return a.server.Count() == 0 && runtime.NumGoroutine() <= before+2
	})
	if n := refused.Load(); n != 100 {
		t.Errorf("OnInvalid heard of %d, want 100", n)
	}
	if n := spy.count("swap") + spy.count("touch") + spy.count("delete"); n != 0 || spy.sessions() != 0 {
		t.Errorf("%d writes for refused clients", n)
	}
}
