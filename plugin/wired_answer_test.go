package plugin_test

import (
	"fmt"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// What a handler emits goes before its acknowledgement, as in go-socket.io; what
// OnConnect emits goes before the acknowledgements of later events.
func TestWiredEmitBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
			a.sessions.OnConnect("/", func(c socketio.Conn, _ *plugin.Session) error { c.Emit("said", -1); return nil })
			a.sessions.OnEvent("/", "say", func(c socketio.Conn, _ *plugin.Session, n int) int {
				c.Emit("said", n)
				return n
			})
		})
		c := a.connect(k, a.login("alice"))
		if k.version == 4 {
			c.send("40")
		}
		c.send(`420["say",0]`)
		c.enters("/")
		c.want(`42["said",-1]`)
		for n := range 100 {
			c.want(fmt.Sprintf(`42["said",%d]`, n))
			c.want(fmt.Sprintf(`43%d[%d]`, n, n))
			c.send(fmt.Sprintf(`42%d["say",%d]`, n+1, n+1))
		}
	})
}

// What a handler emits also goes before the acknowledgement of a later event,
// when nobody has asked for its own; before the reason when the session ends;
// and before the end of the connection when the handler closes it.
func TestWiredEmitBeforeLaterPackets(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
			a.sessions.OnEvent("/", "tell", func(c socketio.Conn, _ *plugin.Session, n int) { c.Emit("said", n) })
			a.sessions.OnEvent("/", "ask", func(_ socketio.Conn, _ *plugin.Session, n int) int { return n })
			a.sessions.OnEvent("/", "close", func(c socketio.Conn, _ *plugin.Session) error {
				c.Emit("bye", 1)
				return c.Close()
			})
			a.sessions.OnEvent("/", "leave", func(c socketio.Conn, s *plugin.Session) error {
				c.Emit("bye", 1)
				return s.Destroy()
			})
		})
		c := a.enterAs(k, a.login("alice"))
		for n := range 100 {
			c.send(fmt.Sprintf(`42["tell",%d]`, n))
			c.send(fmt.Sprintf(`42%d["ask",%d]`, n, n))
			c.want(fmt.Sprintf(`42["said",%d]`, n))
			c.want(fmt.Sprintf(`43%d[%d]`, n, n))
		}
		c.send(`421["leave"]`)
		c.want(`42["bye",1]`)
		c.want(`431[null]`)
		c.expelled("/")
		c = a.enterAs(k, a.login("alice"))
		c.send(`42["close"]`)
		c.want(`42["bye",1]`)
		c.want("closed")
	})
}

// Every acknowledgement that was asked for comes once, and none that was not,
// of handlers on the Sessions and on the server itself, with results; each in
// the order in which their events were sent.
func TestWiredAcknowledgements(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, between string }{
		{"alone", ""},
		{"among events that ask", `421["own",7]`},
		{"among events that do not ask", `42["own",7]`},
		{"among events of another namespace", `42/chat,1["own",7]`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			const rounds, between = 200, 6
			a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
				for _, namespace := range []string{"/", "/chat"} {
					a.sessions.Protect(namespace)
					a.server.OnEvent(namespace, "raw", func(_ socketio.Conn, n int) int { return n })
					a.sessions.OnEvent(namespace, "own", func(_ socketio.Conn, _ *plugin.Session, n int) int { return n })
				}
			})
			c := a.enter(a.login("alice"))
			c.send("40/chat,")
			c.enters("/chat")
			want := map[string]int{}
			for n := range rounds {
				c.send(fmt.Sprintf(`42%d["raw",%d]`, n+10, n))
				want[fmt.Sprintf(`43%d[%d]`, n+10, n)] = 1
				for range between {
					if row.between != "" {
						c.send(row.between)
					}
				}
			}
			switch row.between {
			case `421["own",7]`:
				want["431[7]"] = rounds * between
			case `42/chat,1["own",7]`:
				want["43/chat,1[7]"] = rounds * between
			}
			next := 0
			for len(want) > 0 {
				got := c.read()
				if want[got] == 0 {
					t.Fatalf("got %s, which is not wanted, or not any more", got)
				}
				if want[got]--; want[got] == 0 {
					delete(want, got)
				}
				if got == fmt.Sprintf(`43%d[%d]`, next+10, next) {
					next++
				}
			}
			if next != rounds {
				t.Errorf("number %d was not acknowledged in order", next)
			}
			c.pong()
		})
	}
}
