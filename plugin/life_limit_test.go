package plugin_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

const tooMany = `{"code":"too_many","message":"The session has too many open connections.","reconnect":false,"data":null}`

// MaxSocketsPerSession: one connection too many is refused, in any
// namespace; a further namespace of one that is in is not. Another session has
// places of its own, and so has another node. Who leaves makes room.
func TestMaxSocketsPerSession(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{MaxSocketsPerSession: 2}, func(a *app) {
		register(a)
		l.watch(a, "/chat")
		a.sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) { l.add("!" + why.Code) })
		a.sessions.OnEvent("/chat", "here", func(socketio.Conn, *plugin.Session) bool { return true })
	})
	a := nodes[0]
	cookie := a.login("alice")
	first, second := a.enter(cookie), a.enter(cookie)
	for range 3 {
		c := a.dial(cookie)
		if why := c.refused("/"); why != tooMany {
			t.Errorf("got %s", why)
		}
		c.HangUp()
	}
	for _, c := range []*client{first, second} {
		c.in("/chat").still("alice")
	}
	a.enter(a.login("bob"))
	nodes[1].enter(cookie)
	second.send("41/chat")
	second.in("/chat")
	second.HangUp()
	eventually(t, "there is room again", func() bool {
		c := a.dial(cookie)
		defer c.HangUp()
		return c.read() == "40" && strings.HasPrefix(c.askOr(`["get","user"]`), `["alice"]`)
	})
	if l.count("!too_many") < 3 || l.count("+/chat") != 3 {
		t.Errorf("handlers: %s", l.all())
	}
	if a.stored(cookie) == nil {
		t.Error("the session is gone")
	}
}

// Who is not let in by OnConnect, or comes while the store fails, keeps no place.
func TestMaxSocketsAfterRefusals(t *testing.T) {
	t.Parallel()
	var refuse atomic.Bool
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{MaxSocketsPerSession: 1, StoreGrace: -1}, func(a *app) {
		register(a)
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error {
			if refuse.Load() {
				return &plugin.Refusal{Code: "app"}
			}
			return nil
		})
	})
	a := nodes[0]
	cookie := a.login("alice")
	for _, row := range []struct {
		code      string
		set, heal func()
	}{
		{"app", func() { refuse.Store(true) }, func() { refuse.Store(false) }},
		{"store_error", func() { a.link.fail(true) }, func() { a.link.fail(false) }},
	} {
		row.set()
		for range 3 {
			c := a.dial(cookie)
			if why := c.refused("/"); !strings.Contains(why, row.code) && !strings.Contains(why, "too_many") {
				t.Errorf("got %s, want %s", why, row.code)
			}
			c.HangUp()
		}
		row.heal()
		eventually(t, "there is room", func() bool {
			c := a.dial(cookie)
			defer c.HangUp()
			return c.read() == "40" && strings.HasPrefix(c.askOr(`["get","user"]`), `["alice"]`)
		})
		eventually(t, "it is left", func() bool { return a.sessions.Entries() == 0 })
	}
}

// However many come at once, no more than the limit is let in, and no fewer.
func TestMaxSocketsRace(t *testing.T) {
	t.Parallel()
	const limit, n = 5, 20
	var in atomic.Int32
	a := newApp(t, nil, plugin.Options{MaxSocketsPerSession: limit}, func(a *app) {
		register(a)
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { in.Add(1); return nil })
	})
	cookie := a.login("alice")
	var all sync.WaitGroup
	for range n {
		c := a.dial(cookie)
		all.Go(func() {
			for {
				switch got := c.read(); {
				case strings.Contains(got, "too_many"), got == "closed":
					return
				case got == "40" && c.app.wired():
					return
				case got == "40": // stock transports say so before they refuse
					if strings.HasPrefix(c.askOr(`["get","user"]`), `["alice"]`) {
						return
					}
				}
			}
		})
	}
	all.Wait()
	if got := in.Load(); got != limit {
		t.Errorf("%d of %d were let in, want %d", got, n, limit)
	}
	if got := len(a.sessions.Sockets(plugin.ID(idOf(cookie)), "/")); got != limit {
		t.Errorf("%d sockets", got)
	}
}
