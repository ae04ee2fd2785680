package plugin_test

import (
	"context"
	"strings"
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
	const idle, sockets = 600 * time.Millisecond, 10
	for _, row := range []struct {
		name   string
		change func(n node, cookie string) // on the other node
		life   time.Duration               // from then on
	}{
		{"as it was", func(node, string) {}, idle},
		{"a page view", func(n node, cookie string) { n.get(cookie, "/get?user") }, idle},
		{"a change", func(n node, cookie string) { n.get(cookie, "/put?k=v") }, idle},
		{"a deadline cut short", func(n node, cookie string) {
			n.change(cookie, func(ctx context.Context) { n.manager.SetDeadline(ctx, time.Now().Add(idle/3)) })
		}, idle / 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			backends(t, func(t *testing.T, b shared) {
				nodes := newNodes(t, 2, b, plugin.Options{}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
				loaded := time.Now()
				cookie := nodes[0].login("alice")
				var all []*client
				for range sockets {
					all = append(all, nodes[0].enter(cookie))
				}
				all = append(all, nodes[1].enter(cookie))
				eventually(t, "half of its life is over", func() bool { return time.Since(loaded) > idle/2 })
				changed, asked := time.Now(), nodes[0].link.count("find")
				row.change(nodes[1], cookie)
				if row.name == "as it was" {
					changed = loaded
				}
				for _, c := range all {
					switch took := c.expires().Sub(changed); {
					case took < row.life:
						t.Errorf("told after %v of %v", took, row.life)
					case took > row.life+idle/2+time.Second:
						t.Errorf("told only after %v of %v", took, row.life)
					}
				}
				if n := nodes[0].link.count("find") - asked; n > 4 {
					t.Errorf("the store was asked %d times for %d sockets", n, sockets)
				}
				if nodes[0].stored(cookie) != nil {
					t.Error("the session is still there")
				}
			})
		})
	}
}

// A session whose time is over is expired for all of its sockets, and not
// destroyed, also where an event is the first to notice.
func TestExpiryDuringEvents(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	a := newApp(t, store.NewRedis(pool, nil), plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		register(a)
		a.manager.Lifetime = 200 * time.Millisecond
	})
	for range 20 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			c := a.enter(a.login("alice"))
			c.T = t
			got := ""
			for n := 0; !strings.Contains(got, "error") && got != "closed"; n++ {
				got = c.askOr(`["get","user"]`)
			}
			if got != "closed" && !strings.Contains(got, `"expired"`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Options.KeepAlive: an open socket counts as use, whether or not it sends
// anything, and on any node; when it has left, the session expires.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	const idle = 400 * time.Millisecond
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
