package plugin_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// expires waits for the end, and tells when it came.
func (c *client) expires() time.Time {
	c.Helper()
	if why := c.expelled("/"); !strings.HasPrefix(why, `{"code":"expired"`) {
		c.Errorf("got %s", why)
	}
	at := time.Now()
	c.ends()
	return at
}

// Issue 5.2: one timer for a session, whatever the number of its sockets, which
// is armed anew when the session was extended or cut short elsewhere. All are
// told within a second, on every node, and never early.
func TestExpiryElsewhere(t *testing.T) {
	t.Parallel()
	const idle, sockets = 800 * time.Millisecond, 5
	type row struct {
		name   string
		change func(n node, cookie string) // on the other node, when half of the time is over
		life   time.Duration               // from then on

		cookie  string
		loaded  time.Time
		clients []*client
	}
	view := func(path string) func(node, string) {
		return func(n node, cookie string) { n.get(cookie, path) }
	}
	backends(t, func(t *testing.T, b shared) {
		rows := []*row{ // by the time of their end
			{name: "a deadline cut short", life: idle / 4, change: func(n node, cookie string) {
				n.change(cookie, func(ctx context.Context) { n.manager.SetDeadline(ctx, time.Now().Add(idle/4)) })
			}},
			{name: "as it was", life: idle / 2, change: func(node, string) {}},
			{name: "a page view", life: idle, change: view("/get?user")},
			{name: "a change", life: idle, change: view("/put?k=v")},
		}
		nodes := newNodes(t, 2, b, plugin.Options{}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
		for _, row := range rows {
			row.loaded = time.Now()
			row.cookie = nodes[0].login("alice")
			for range sockets {
				row.clients = append(row.clients, nodes[0].enter(row.cookie))
			}
			row.clients = append(row.clients, nodes[1].enter(row.cookie))
		}
		asked := nodes[0].link.count("find")
		for _, row := range rows {
			eventually(t, "half of the time is over", func() bool { return time.Since(row.loaded) > idle/2 })
			changed := time.Now()
			row.change(nodes[1], row.cookie)
			if row.life == idle/2 {
				changed = row.loaded.Add(idle / 2)
			}
			row.loaded = changed
		}
		for _, row := range rows {
			for _, c := range row.clients {
				switch took := c.expires().Sub(row.loaded); {
				case took < row.life:
					t.Errorf("%s: told after %v of %v", row.name, took, row.life)
				case took > row.life+time.Second:
					t.Errorf("%s: told only after %v of %v", row.name, took, row.life)
				}
			}
			if nodes[0].stored(row.cookie) != nil {
				t.Errorf("%s: the session is still there", row.name)
			}
		}
		if n := nodes[0].link.count("find") - asked; n > 5*len(rows) {
			t.Errorf("the store was asked %d times for %d sessions of %d sockets", n, len(rows), sockets)
		}
	})
}

// A session whose time is over is expired for all of its sockets, and not
// destroyed, also where an event is the first to notice.
func TestExpiryDuringEvents(t *testing.T) {
	t.Parallel()
	a := newApp(t, store.NewRedis(storetest.Redis(t).Pool(), nil), plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		register(a)
		a.manager.Lifetime = 400 * time.Millisecond
	})
	var all sync.WaitGroup
	for range 20 {
		c := a.enter(a.login("alice"))
		all.Go(func() {
			got := ""
			for !strings.Contains(got, "error") && got != "closed" {
				got = c.askOr(`["get","user"]`)
			}
			if got != "closed" && !strings.Contains(got, `"expired"`) {
				t.Errorf("got %s", got)
			}
		})
	}
	all.Wait()
}

// Options.KeepAlive: an open socket counts as use, whether or not it sends
// anything, and on any node; when it has left, the session expires.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	const idle = 300 * time.Millisecond
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{KeepAlive: true}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
		started := time.Now()
		cookie := nodes[0].login("alice")
		c := nodes[1].enter(cookie)
		eventually(t, "more than the idle timeout has passed", func() bool {
			if nodes[0].stored(cookie) == nil {
				t.Fatalf("it expired after %v", time.Since(started))
			}
			return time.Since(started) > 2*idle
		})
		if n, most := nodes[1].link.count("touch"), int(time.Since(started)/(idle/10))+2; n > most {
			t.Errorf("%d touches, want at most %d", n, most)
		}
		c.still("alice")
		left := time.Now()
		c.hangUp()
		eventually(t, "it expires", func() bool { return nodes[0].stored(cookie) == nil })
		if took := time.Since(left); took > 2*idle {
			t.Errorf("it expired %v after the last socket has left", took)
		}
	})
}

// A client that was turned away keeps nothing alive.
func TestKeepAliveOfRefused(t *testing.T) {
	t.Parallel()
	const idle = 300 * time.Millisecond
	a := newApp(t, nil, plugin.Options{KeepAlive: true}, func(a *app) {
		register(a)
		a.manager.IdleTimeout = idle
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return &plugin.Refusal{Code: "app"} })
	})
	cookie := a.login("alice")
	for late := time.Now().Add(10 * idle); a.stored(cookie) != nil; {
		if time.Now().After(late) {
			t.Fatal("it does not expire")
		}
		c := a.dial(cookie)
		c.refused("/")
		c.hangUp()
	}
}
