package plugin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// versions runs a test with polling clients of both versions.
func versions(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range allKinds {
		if k.transport == overPolling {
			t.Run(fmt.Sprint(k.version), func(t *testing.T) {
				t.Parallel()
				test(t, k)
			})
		}
	}
}

// intrude makes each request that could take over c's connection, with other
// headers than c's, and returns what they got.
func (a *app) intrude(c *client, header http.Header) (get, post, upgrade int) {
	a.Helper()
	poll := a.client(kind{overPolling, c.Version}, header)
	poll.ID = c.ID
	_, err := poll.Poll()
	get, post = a.status(err), a.status(poll.Try(`429["put","intruder","1"]`))
	_, err = poll.Beside(header)
	return get, post, a.status(err)
}

// Invariant 9: who knows a transport id and has another credential, or none,
// gets 403, learns nothing and changes nothing; the owner goes on.
func TestWiredIntruder(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, k kind) {
		a := wiredApp(t, plugin.Options{}, transport.Options{}, register)
		cookie := a.login("alice")
		intruders := map[string]http.Header{
			"another session": withCookie(a.login("mallory")),
			"no cookie":       {},
			"an empty cookie": withCookie("session="),
			"half a token":    withCookie(cookie[:len(cookie)-1]),
			"a second cookie": withCookie(a.login("mallory") + "; " + cookie),
		}
		c := a.enterAs(k, cookie)
		for _, moved := range []bool{false, true} {
			if moved && !c.upgradeWith(withCookie(cookie)) {
				t.Fatal("the upgrade failed")
			}
			for name, header := range intruders {
				c.send(`421["get","user"]`) // its answer waits while others ask
				get, post, upgrade := a.intrude(c, header)
				if get != http.StatusForbidden || post != http.StatusForbidden || upgrade != http.StatusForbidden {
					t.Errorf("%s (upgraded: %v): got %d, %d, %d, want 403", name, moved, get, post, upgrade)
				}
				c.want(`431["alice"]`)
			}
		}
		if got := c.ask(`["get","intruder"]`); got != `[null]` {
			t.Errorf("an intruder's event was handled: %s", got)
		}
	})
}

// Invariant 9: a GET of the owner that waits is not disturbed by an intruder's.
func TestWiredIntruderBesidePoll(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, k kind) {
		conns := make(chan socketio.Conn, 1)
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
			a.sessions.OnConnect("/", func(c socketio.Conn, _ *plugin.Session) error { conns <- c; return nil })
		})
		c := a.enterAs(k, a.login("alice"))
		conn := recv(t, "OnConnect", conns)
		got := make(chan string, 1)
		go func() { got <- c.read() }()
		for range 20 {
			if get, _, _ := a.intrude(c, http.Header{}); get != http.StatusForbidden {
				t.Fatalf("an intruder's GET got %d", get)
			}
		}
		conn.Emit("news", 1)
		if packet := recv(t, "the owner's answer", got); packet != `42["news",1]` {
			t.Errorf("the owner got %s", packet)
		}
	})
}

// Invariant 9: the browser of a session that has ended has lost its cookie, or
// has a new one: it may fetch the last packets, and nothing else.
func TestWiredLastPackets(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, page, code, cookie string }{
		{"logout", "/destroy", "destroyed", "none"},
		{"logout and login", "/destroy", "destroyed", "other"},
		{"login", "/renew", "renewed", "new"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			versions(t, func(t *testing.T, k kind) {
				a := wiredApp(t, plugin.Options{}, transport.Options{}, register)
				cookie := a.login("alice")
				c := a.enterAs(k, cookie)
				_, renewed := a.get(cookie, row.page)
				switch row.cookie {
				case "none":
					c.Header = http.Header{}
				case "other":
					c.Header = withCookie(a.login("alice"))
				case "new":
					c.Header = withCookie(renewed)
				}
				evil := c.Header.Clone()
				evil.Set("Origin", "http://evil.example")
				get, post, upgrade := a.intrude(c, evil)
				if get != http.StatusForbidden || post != http.StatusForbidden || upgrade != http.StatusForbidden {
					t.Errorf("another origin got %d, %d, %d", get, post, upgrade)
				}
				if status := a.status(c.Try(`429["get","user"]`)); status != http.StatusForbidden {
					t.Errorf("a POST got %d", status)
				}
				if why := c.expelled("/"); !strings.HasPrefix(why, `{"code":"`+row.code+`"`) {
					t.Errorf("got %s", why)
				}
				c.ends()
				eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 })
			})
		})
	}
}

// Invariant 9: a connection that was opened anonymously stays anonymous, on its
// id alone, also when its browser logs in.
func TestWiredAnonymousStays(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, k kind) {
		a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
			register(a)
			whoami(a, "/")
			whoami(a, "/chat")
			a.sessions.AllowAnonymous("/")
		})
		c := a.enterAs(k, "")
		cookie := a.login("alice")
		for _, moved := range []bool{false, true} {
			if moved && !c.upgradeWith(withCookie(cookie)) {
				t.Fatal("the upgrade failed")
			}
			for _, header := range []http.Header{{}, withCookie(cookie), withCookie(a.login("bob"))} {
				c.Header = header
				if got := c.ask(`["id"]`) + c.ask(`["whoami"]`); got != `[""][""]` {
					t.Errorf("got %s, want no session", got)
				}
				c.send("40/chat,")
				if why := c.refused("/chat"); !strings.HasPrefix(why, `{"code":"no_cookie"`) {
					t.Errorf("another namespace got %s", why)
				}
			}
		}
	})
}
