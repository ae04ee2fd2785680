package plugin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
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

// All sockets of a session are told of its end, on every node, at the
// time that it has by then; the tests of life_span_test.go tell how exactly.
func TestExpiryElsewhere(t *testing.T) {
	t.Parallel()
	const idle = 500 * time.Millisecond
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
		cookie := nodes[0].login("alice")
		all := []*client{nodes[0].enter(cookie), nodes[0].enter(cookie), nodes[1].enter(cookie)}
		var viewed time.Time
		for over := time.Now().Add(idle); time.Now().Before(over); {
			viewed = time.Now()
			nodes[1].get(cookie, "/get?user")
		}
		for _, c := range all {
			if took := c.expires().Sub(viewed); took < idle {
				t.Errorf("told %v after the last page view", took)
			}
		}
		if nodes[0].stored(cookie) != nil {
			t.Error("the session is still there")
		}
	})
}

// A session whose time is over is expired for all of its sockets, and not
// destroyed, also where an event is the first to notice.
func TestExpiryDuringEvents(t *testing.T) {
	t.Parallel()
	a := newApp(t, redisstore.New(storetest.Redis(t).Pool()), plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		register(a)
		a.manager.Lifetime = 600 * time.Millisecond
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
	const idle = 700 * time.Millisecond
	b := redisstore.New(storetest.Redis(t).Pool())
	nodes := newNodes(t, 2, b, plugin.Options{KeepAlive: true}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
	started := time.Now()
	cookie := nodes[0].login("alice")
	c := nodes[1].enter(cookie)
	eventually(t, "more than the idle timeout has passed", func() bool {
		if nodes[0].stored(cookie) == nil {
			t.Fatalf("it expired after %v", time.Since(started))
		}
		return time.Since(started) > idle+idle/2
	})
	c.still("alice")
	c.HangUp()
	eventually(t, "it expires", func() bool { return nodes[0].stored(cookie) == nil })
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
		c.HangUp()
	}
}
