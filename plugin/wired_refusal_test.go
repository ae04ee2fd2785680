package plugin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// wiredApp is newApp on our own transports, whatever the other tests run on.
func wiredApp(t *testing.T, options plugin.Options, wire transport.Options, setup func(*app)) *app {
	t.Helper()
	wire.Logger = discard
	options.Transport = transport.New(wire)
	return newApp(t, nil, options, setup)
}

// allKinds are the clients that only our transports serve alike.
var allKinds = []kind{{overWebsocket, 3}, {overWebsocket, 4}, {overPolling, 3}, {overPolling, 4}}

// kinds runs a test with each of them.
func kinds(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range allKinds {
		t.Run(fmt.Sprintf("%s %d", k.transport, k.version), func(t *testing.T) {
			t.Parallel()
			test(t, k)
		})
	}
}

// A refusal is a packet of its own, and nothing comes before it or beside it. A
// refused root ends the connection, when the client has had the time to ask for
// other namespaces and be turned away; another namespace leaves it alone.
func TestWiredRefusal(t *testing.T) {
	t.Parallel()
	const user = "user"
	for _, row := range []struct {
		name, namespace, cookie string
		by                      *plugin.Refusal
		message, data           string
	}{
		{"root", "/", user, &plugin.Refusal{Code: "app", Message: "Not you.", Data: []int{1}}, "Not you.", `{"code":"app","message":"Not you.","reconnect":false,"data":[1]}`},
		{"root for now", "/", user, &plugin.Refusal{Code: "app", Reconnect: true}, "", `{"code":"app","message":"","reconnect":true,"data":null}`},
		{"root without a cookie", "/", "", nil, "There is no session: the request carried no session cookie.", `{"code":"no_cookie","message":"There is no session: the request carried no session cookie.","reconnect":false,"data":null}`},
		{"chat", "/chat", user, &plugin.Refusal{Code: "app", Message: "no"}, "no", `{"code":"app","message":"no","reconnect":false,"data":null}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, k kind) {
				l := &ledger{}
				a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
					register(a)
					l.watch(a, row.namespace)
					if row.by != nil {
						a.sessions.OnConnect(row.namespace, func(c socketio.Conn, _ *plugin.Session) error {
							c.Emit("never", 1)
							return row.by
						})
					}
					for _, namespace := range []string{"/", "/chat"} {
						a.sessions.OnEvent(namespace, "ran", func(socketio.Conn, *plugin.Session) { l.add("ran") })
					}
				})
				cookie := row.cookie
				if cookie == user {
					cookie = a.login("alice")
				}
				c := a.connect(k, cookie)
				if row.namespace != "/" {
					if k.version == 4 {
						c.send("40")
					}
					c.enters("/")
				}
				if k.version == 4 || row.namespace != "/" {
					c.send("40" + prefix(row.namespace))
				}
				c.try("42" + prefix(row.namespace) + `1["ran"]`)

				if k.version == 4 {
					c.want("44" + prefix(row.namespace) + `{"message":"` + row.message + `","data":` + row.data + `}`)
				} else {
					c.want("44" + prefix(row.namespace) + row.data)
				}
				switch {
				case row.namespace != "/":
					if got := c.ask(`["get","user"]`); got != `["alice"]` {
						t.Errorf("the root got %s", got)
					}
				case isFinal(row.data):
					c.want("41") // or it would come back by itself
					c.send("40/chat,")
					if why := c.refused("/chat"); why != row.data {
						t.Errorf("another namespace got %s", why)
					}
					c.want("41/chat")
					c.want("closed")
				default:
					c.want("closed")
				}
				if got := l.all(); l.count("ran") > 0 || strings.Count(got, "!") != 1 || strings.ContainsAny(got, "+-") {
					t.Errorf("handlers: %s", got)
				}
			})
		})
	}
}

// CONNECT waits for OnConnect, heartbeats do not, and what OnConnect emits
// follows CONNECT.
func TestWiredConnectIsHeld(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, k kind) {
		entered, held := make(chan string, 2), make(chan struct{})
		a := wiredApp(t, plugin.Options{}, transport.Options{PingInterval: 10 * time.Millisecond, PingTimeout: patience}, func(a *app) {
			for _, namespace := range []string{"/", "/chat"} {
				a.sessions.OnConnect(namespace, func(c socketio.Conn, _ *plugin.Session) error {
					c.Emit("hello", namespace)
					entered <- namespace
					<-held
					c.Emit("hello", "again")
					return nil
				})
			}
		})
		c := a.connect(k, a.login("alice"))
		if k.version == 4 {
			c.send("40")
		}
		c.send("40/chat,")
		recv(t, "OnConnect of the root", entered)
		c.onlyHeartbeats()
		close(held)
		for _, namespace := range []string{"/", "/chat"} {
			c.enters(namespace)
			c.want("42" + prefix(namespace) + `["hello","` + namespace + `"]`)
			c.want("42" + prefix(namespace) + `["hello","again"]`)
		}
	})
}

// onlyHeartbeats fails if the server has sent anything but heartbeats.
func (c *client) onlyHeartbeats() {
	c.Helper()
	ask, answer, times := "2", "3", 1
	if c.Version == 4 {
		ask, answer, times = "3", "2", 2 // the first may have been under way
	}
	for range times {
		if c.Version == 3 {
			c.send(ask)
		}
		if got := c.next(); got != answer {
			c.Fatalf("got %q, want nothing but a heartbeat", got)
		}
		if c.Version == 4 {
			c.send(ask)
		}
	}
}

// An Emit and a Close do no harm in OnConnect and OnDisconnect, and these run
// once.
func TestWiredCloseInHandlers(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"connect", "disconnect"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, k kind) {
				l := &ledger{}
				a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
					register(a)
					step := func(c socketio.Conn, at string) {
						l.add(at)
						c.Emit("bye", 1)
						if at == where {
							_ = c.Close()
							c.Emit("never", 1)
						}
					}
					a.sessions.OnConnect("/chat", func(c socketio.Conn, _ *plugin.Session) error { step(c, "connect"); return nil })
					a.sessions.OnDisconnect("/chat", func(c socketio.Conn, _ *plugin.Session, _ string) { step(c, "disconnect") })
				})
				c := a.enterAs(k, a.login("alice"))
				c.send("40/chat,")
				if where == "disconnect" {
					c.send("41/chat,")
				}
				c.drain()
				eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 && l.count("disconnect") == 1 })
				if got := l.all(); got != "connect disconnect" {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}
