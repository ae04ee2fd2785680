package plugin_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// OnConnect and OnDisconnect run once, with the upgrade in between: before
// OnConnect has returned, and with events under way.
func TestWiredUpgradeInBetween(t *testing.T) {
	t.Parallel()
	for _, row := range []string{"while OnConnect runs", "among events"} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, k kind) {
				const events = 20
				l := &ledger{}
				held := make(chan struct{})
				a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
					l.watch(a, "/")
					a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error {
						l.add("+/")
						<-held
						return nil
					})
					a.sessions.OnEvent("/", "echo", func(_ socketio.Conn, _ *plugin.Session, n int) int { return n })
				})
				cookie := a.login("alice")
				c := a.connect(k, cookie)
				if k.version == 4 {
					c.send("40")
				}
				if row == "among events" {
					close(held)
				}
				for n := range events {
					c.send(fmt.Sprintf(`42%d["echo",%d]`, n, n))
				}
				c.Upgrade(withCookie(cookie))
				if row == "while OnConnect runs" {
					close(held)
				}
				for n := range events {
					c.send(fmt.Sprintf(`42%d["echo",%d]`, events+n, events+n))
				}
				c.enters("/")
				for n := range 2 * events {
					c.want(fmt.Sprintf(`43%d[%d]`, n, n))
				}
				c.HangUp()
				eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 && l.count("-/") > 0 })
				if got := l.all(); got != "+/ -/" {
					t.Errorf("handlers: %s", got)
				}
			})
		})
	}
}

// OnDisconnect hears why a client has left.
func TestWiredReasons(t *testing.T) {
	t.Parallel()
	silent := transport.Options{PingInterval: 500 * time.Millisecond, PingTimeout: 500 * time.Millisecond}
	for _, row := range []struct {
		name, want string
		wire       transport.Options
		end        func(*app, *client)
	}{
		{"leave", "client namespace disconnect", transport.Options{}, func(_ *app, c *client) { c.send("41") }},
		{"hang up", "transport close", transport.Options{}, func(_ *app, c *client) { c.HangUp() }},
		{"say goodbye", "transport close", transport.Options{}, func(_ *app, c *client) { c.send("1") }},
		{"silence", "ping timeout", silent, func(*app, *client) {}},
		{"server", "server namespace disconnect", transport.Options{}, func(_ *app, c *client) { c.send(`42["close"]`) }},
		{"violation", "transport error", transport.Options{}, func(_ *app, c *client) { c.try("44") }},
		{"going away", plugin.CodeGoingAway, transport.Options{}, func(a *app, _ *client) { go a.sessions.Close(a.Context()) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, k kind) {
				reasons := make(chan string, 10)
				a := wiredApp(t, plugin.Options{}, row.wire, func(a *app) {
					a.sessions.OnEvent("/", "close", func(c socketio.Conn, _ *plugin.Session) { _ = c.Close() })
					a.sessions.OnDisconnect("/", func(_ socketio.Conn, _ *plugin.Session, reason string) { reasons <- reason })
				})
				row.end(a, a.enterAs(k, a.login("alice")))
				if got := recv(t, "OnDisconnect", reasons); got != row.want {
					t.Errorf("got %q, want %q", got, row.want)
				}
			})
		})
	}
}

// Invariant 10, and "never beside an event handler of the same connection": one
// handler of a connection runs at a time, whatever the namespaces, the sessions
// behind them and the access.
func TestWiredOneAtATime(t *testing.T) {
	t.Parallel()
	kinds4(t, func(t *testing.T, k kind) {
		const rounds = 40
		var inside, beside, connects, disconnects atomic.Int32
		step := func() {
			if inside.Add(1) > 1 {
				beside.Add(1)
			}
			runtime.Gosched()
			inside.Add(-1)
		}
		options := plugin.Options{Cutter: plugin.FirstOf(plugin.FromHeader(transport.AuthHeader+"-Token"), plugin.FromCookie("session"))}
		a := wiredApp(t, options, transport.Options{}, func(a *app) {
			for _, namespace := range []string{"/", "/chat", "/other"} {
				a.sessions.OnConnect(namespace, func(socketio.Conn, *plugin.Session) error { step(); connects.Add(1); return nil })
				a.sessions.OnDisconnect(namespace, func(socketio.Conn, *plugin.Session, string) { step(); disconnects.Add(1) })
				a.sessions.OnEvent(namespace, "read", func(socketio.Conn, *plugin.Session) { step() }, plugin.ReadOnly)
				a.sessions.OnEvent(namespace, "write", func(socketio.Conn, *plugin.Session) { step() }, plugin.PerMessage)
			}
		})
		bob := tokenOf(a.login("bob"))
		c := a.enterAs(k, a.login("alice"))
		for range rounds {
			for _, packet := range []string{
				`40/chat,{"token":"` + bob + `"}`, "40/other,", `42["read"]`, `42/chat,["write"]`, "41/chat,",
				`42["write"]`, `42/other,["read"]`, "41/other,",
			} {
				c.send(packet)
			}
		}
		for n := 0; n < 2*rounds; {
			if strings.HasPrefix(c.read(), "40/") {
				n++
			}
		}
		c.HangUp()
		eventually(t, "all have left", func() bool { return disconnects.Load() == connects.Load() })
		if connects.Load() != 1+2*rounds || beside.Load() > 0 {
			t.Errorf("%d connects, want %d; %d handlers ran beside another", connects.Load(), 1+2*rounds, beside.Load())
		}
	})
}

// A handler that takes its time stops neither heartbeats nor the connection,
// and is acknowledged in the end; an event of the session on another connection
// is acknowledged busy: invariant 10.
func TestWiredSlowHandler(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		const interval, timeout = 20 * time.Millisecond, 500 * time.Millisecond
		blocked, held := make(chan bool, 1), make(chan struct{})
		a := wiredApp(t, plugin.Options{HandlerTimeout: 10 * time.Millisecond}, transport.Options{PingInterval: interval, PingTimeout: timeout}, func(a *app) {
			register(a)
			a.sessions.OnEvent("/", "block", func(socketio.Conn, *plugin.Session) bool {
				blocked <- true
				<-held
				return true
			})
		})
		cookie := a.login("alice")
		c := a.enterAs(k, cookie)
		c.send(`429["block"]`)
		recv(t, "the handler", blocked)
		if got := a.enterAs(k, cookie).ask(`["put","k","v"]`); got != `[{"error":{"code":"busy","message":"The session is busy with earlier events."}}]` {
			t.Errorf("another connection of the session got %s", got)
		}
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for over := time.Now().Add(2 * (interval + timeout)); time.Now().Before(over); <-tick.C {
			c.onlyHeartbeats()
		}
		close(held)
		c.want("439[true]")
	})
}
