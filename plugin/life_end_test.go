package plugin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// However a session ends, every socket of it, on every node and in
// every namespace, hears why, once, and is closed; its handlers' contexts are
// cancelled, OnInvalid and OnDisconnect run once with the reason; a handler that
// blocks delays nobody; other sessions notice nothing.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(nodes []node, b shared, cookie string, asker *client){
		"Destroy over HTTP":     func(nodes []node, _ shared, cookie string, _ *client) { nodes[0].get(cookie, "/destroy") },
		"Session.Destroy":       func(_ []node, _ shared, _ string, asker *client) { asker.send(`42["destroy"]`) },
		"manager in a handler":  func(_ []node, _ shared, _ string, asker *client) { asker.send(`42["manager"]`) },
		"RenewToken over HTTP":  func(nodes []node, _ shared, cookie string, _ *client) { nodes[1].get(cookie, "/renew") },
		"the other node's HTTP": func(nodes []node, _ shared, cookie string, _ *client) { nodes[1].get(cookie, "/destroy") },
		"deleted by hand": func(nodes []node, b shared, cookie string, _ *client) {
			if _, err := b.Delete(nodes[0].Context(), tokenIn(cookie), store.Note{}); err != nil {
				nodes[0].Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backends(t, func(t *testing.T, b shared) {
				scopes(t, func(t *testing.T, options plugin.Options) {
					code := "destroyed"
					options.ProbeInterval = time.Hour // they hear of it
					switch name {
					case "RenewToken over HTTP":
						code = "renewed"
					case "deleted by hand": // nothing tells of it
						options.ProbeInterval = 100 * time.Millisecond
					}
					testEnd(t, b, options, code, end)
				})
			})
		})
	}
}

func testEnd(t *testing.T, b shared, options plugin.Options, code string, end func([]node, shared, string, *client)) {
	t.Helper()
	l, stuck, release := &ledger{}, make(chan bool, 1), make(chan struct{})
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(l.all())
		}
	})
	nodes := newNodes(t, 2, b, options, func(a *app) {
		register(a)
		for _, namespace := range []string{"/", "/chat"} {
			l.tell(a, namespace)
		}
		a.sessions.OnEvent("/", "manager", func(_ socketio.Conn, s *plugin.Session) error { return a.manager.Destroy(s) })
		a.sessions.OnEvent("/", "wait", func(_ socketio.Conn, s *plugin.Session) {
			l.add("waits")
			<-s.Done()
			l.add("cancelled")
		}, plugin.ReadOnly)
		a.sessions.OnEvent("/", "stick", func(socketio.Conn, *plugin.Session) { stuck <- true; <-release }, plugin.ReadOnly)
	})
	cookie, other := nodes[0].login("alice"), nodes[1].login("bob")
	asker, polling := nodes[0].enter(cookie), kind{overPolling, 3}
	if !nodes[0].wired() {
		polling.transport = overWebsocket // who does not poll at that moment hears nothing there
	}
	sockets := []*client{
		asker, nodes[0].enter(cookie).in("/chat"), nodes[1].enterAs(polling, cookie), nodes[1].enter(cookie).in("/chat"),
	}
	others := []*client{nodes[0].enter(other), nodes[1].enter(other).in("/chat")}
	for _, n := range nodes {
		c := n.enter(cookie)
		c.send(`42["wait"]`)
		sockets = append(sockets, c)
	}
	sticky := nodes[1].enter(cookie)
	sticky.send(`42["stick"]`)
	recv(t, "the handler that blocks", stuck)
	eventually(t, "the handlers wait", func() bool { return l.count("waits") == 2 })
	// On stock transports a client may hear that it is in before OnConnect runs.
	all := int32(len(sockets) + 1 + len(others) + 3)
	eventually(t, "OnConnect has run for all", func() bool { return l.entered.Load() == all })

	end(nodes, b, cookie, asker)
	for i, c := range append(sockets, sticky) {
		want := "!" + code
		if i == 1 || i == 3 {
			want += " /chat!" + code
		}
		if got := c.farewells(); got != want {
			t.Errorf("socket %d heard %q, want %q", i, got, want)
		}
	}
	close(release)
	eventually(t, "the contexts are cancelled", func() bool { return l.count("cancelled") == 2 })
	eventually(t, "all have left", func() bool {
		return l.count("-alice/:"+code) == len(sockets)+1 && l.count("-alice/chat:"+code) == 2
	})
	if l.count("!alice/:"+code) != len(sockets)+1 || l.count("!alice/chat:"+code) != 2 {
		t.Errorf("OnInvalid: %s", l.all())
	}
	for _, c := range others {
		c.still("bob")
	}
	if l.count("alive") > 0 || strings.Contains(l.all(), "bob") {
		t.Errorf("handlers: %s", l.all())
	}
	for _, n := range nodes {
		if n.stored(cookie) != nil {
			t.Error("the session is back")
		}
		eventually(t, "it is forgotten", func() bool { return n.sessions.Entries() == 1 })
	}
}

// Every namespace of a connection hears why it ends, though the OnInvalid of one takes
// longer than its neighbours' clients have to hang up, and though the client leaves the
// root at once.
func TestEndIsToldInEveryNamespace(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ slow, leaves string }{
		"slow at the root":                {"/", ""},
		"slow elsewhere":                  {"/chat", ""},
		"slow elsewhere, the root leaves": {"/chat", "41"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, store.NewMemory(), plugin.Options{}, func(a *app) {
				register(a)
				for _, namespace := range []string{"/", "/chat"} {
					a.sessions.OnInvalid(namespace, func(socketio.Conn, *plugin.Refusal) {
						if namespace == row.slow {
							<-time.After(time.Second)
						}
					})
				}
			})
			cookie := a.login("alice")
			c := a.enter(cookie).in("/chat")
			a.get(cookie, "/destroy")
			told := ""
			if row.leaves != "" {
				c.expelled("/")
				c.send(row.leaves)
				told = "!destroyed "
			}
			if told += c.farewells(); told != "!destroyed /chat!destroyed" {
				t.Errorf("told %s", told)
			}
		})
	}
}

// slowLine takes its time to tell other nodes.
type slowLine struct{ *link }

func (s slowLine) Say(ctx context.Context, note store.Note) error {
	<-time.After(500 * time.Millisecond)
	return s.link.Say(ctx, note)
}

// Whoever is sent away hears it in every namespace, however long it takes to tell other
// nodes of each.
func TestAllAreSentAwayAtOnce(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]plugin.Target{"everyone": plugin.Everyone(), "a room": plugin.Room("all")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, slowLine{newLink(store.NewMemory())}, plugin.Options{}, func(a *app) {
				register(a)
				for _, namespace := range []string{"/", "/chat"} {
					a.sessions.OnConnect(namespace, func(c socketio.Conn, _ *plugin.Session) error { c.Join("all"); return nil })
				}
			})
			c := a.enter(a.login("alice")).in("/chat")
			eventually(t, "both are in the room", func() bool {
				return len(a.sessions.Sockets(to, "/")) == 1 && len(a.sessions.Sockets(to, "/chat")) == 1
			})
			if err := a.sessions.Disconnect(t.Context(), to, nil); err != nil {
				t.Error(err)
			}
			if got := c.farewells(); got != "!disconnected /chat!disconnected" {
				t.Errorf("told %s", got)
			}
		})
	}
}
