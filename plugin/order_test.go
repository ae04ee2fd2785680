package plugin_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Invariant 10: events of one session never overlap in a process, in both
// scopes, and those of one socket keep their order.
func TestEventsOfOneSessionQueue(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		var inside, overlaps atomic.Int32
		a := newApp(t, nil, options, func(a *app) {
			a.sessions.OnEvent("/", "append", func(_ socketio.Conn, s *plugin.Session, key, n string) string {
				if inside.Add(1) > 1 {
					overlaps.Add(1)
				}
				defer inside.Add(-1)
				a.manager.Put(s, key, a.manager.GetString(s, key)+n)
				return n
			})
		})
		cookie := a.login("alice")
		var all sync.WaitGroup
		for i := range 2 {
			c := a.enter(cookie)
			all.Go(func() {
				for n := range 50 {
					c.send(fmt.Sprintf(`42%d["append","s%d","%d,"]`, n, i, n))
				}
				for n := range 50 {
					if got, want := c.read(), fmt.Sprintf(`43%d["%d,"]`, n, n); got != want {
						t.Errorf("acknowledged %s, want %s", got, want)
						return
					}
				}
			})
		}
		all.Wait()
		var want strings.Builder
		for n := range 50 {
			fmt.Fprintf(&want, "%d,", n)
		}
		eventually(t, "all is stored in order", func() bool {
			stored := a.stored(cookie)
			return stored["s0"] == want.String() && stored["s1"] == want.String()
		})
		if n := overlaps.Load(); n > 0 {
			t.Errorf("%d events overlapped", n)
		}
	})
}

// blockingApp has an event that blocks until the test lets it go.
func blockingApp(t *testing.T, options plugin.Options) (a *app, blocked chan bool, release func()) {
	t.Helper()
	blocked, held := make(chan bool, 10), make(chan struct{})
	release = sync.OnceFunc(func() { close(held) })
	a = newApp(t, nil, options, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "block", func(socketio.Conn, *plugin.Session) bool {
			blocked <- true
			<-held
			return true
		})
	})
	t.Cleanup(release)
	return a, blocked, release
}

// Invariant 10: an event that waits longer than HandlerTimeout is acknowledged
// busy, and was not run; ReadOnly events do not wait; another session does not
// notice.
func TestSlowEvent(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.HandlerTimeout = 50 * time.Millisecond
		a, blocked, release := blockingApp(t, options)
		cookie := a.login("alice")
		slow, same, other := a.enter(cookie), a.enter(cookie), a.enter(a.login("bob"))
		slow.send(`429["block"]`)
		recv(t, "the slow event", blocked)
		if got := same.ask(`["read","user"]`); got != `["alice"]` {
			t.Errorf("a ReadOnly event got %s", got)
		}
		if got := other.ask(`["put","k","v"]`); got != `[true]` {
			t.Errorf("another session got %s", got)
		}
		if got := same.ask(`["put","k","v"]`); got != `[{"error":{"code":"busy","message":"The session is busy with earlier events."}}]` {
			t.Errorf("an event of the same session got %s", got)
		}
		release()
		slow.want("439[true]")
		if got := same.ask(`["get","k"]`); got != `[null]` {
			t.Errorf("the busy event left %s", got)
		}
	})
}

// Invariants 10 and 11: a client that enters and leaves while its session is
// busy cannot make goroutines without bound. Not parallel: it counts them.
func TestEnterAndLeaveWhileBusy(t *testing.T) { //nolint:paralleltest // it counts goroutines
	a, blocked, release := blockingApp(t, plugin.Options{HandlerTimeout: time.Minute})
	a.sessions.OnConnect("/chat", func(socketio.Conn, *plugin.Session) error { return nil })
	cookie := a.login("alice")
	slow, c := a.enter(cookie), a.enter(cookie)
	slow.send(`429["block"]`)
	recv(t, "the slow event", blocked)
	rounds := 1000
	if a.wired() {
		rounds = 300 // more is a flood, which ends the connection
	}
	before := goroutines()
	for range rounds {
		c.send("40/chat,")
		c.send("41/chat,")
	}
	if a.wired() {
		c.pong() // the server has read them, and lets the client in when OnConnect has run
	} else {
		c.enters("/chat") // the server has begun to read them
	}
	if now := goroutines(); now > before+100 {
		t.Errorf("one client made %d goroutines", now-before)
	}
	release()
	slow.want("439[true]")
	for n := 0; a.wired() && n < rounds; n++ {
		c.enters("/chat")
	}
	c.WS.Close()
	slow.WS.Close()
	eventually(t, "they end", func() bool { return goroutines() <= before })
}
