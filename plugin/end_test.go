package plugin_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func goroutines() int { return runtime.NumGoroutine() }

// Invariant 6: Session.Destroy, manager.Destroy and a failing handler that
// destroyed all end the session for every socket at once, and OnInvalid and
// OnDisconnect hear of it once, with the code.
func TestDestroyInHandler(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"destroy", "manager", "update", "manager+fail"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				l := &ledger{}
				a := newApp(t, nil, options, func(a *app) {
					register(a)
					a.sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) { l.add("invalid:" + why.Code) })
					a.sessions.OnDisconnect("/", func(_ socketio.Conn, s *plugin.Session, reason string) {
						a.manager.Put(s, "late", "v")
						l.add("disconnect:" + reason)
					})
					a.sessions.OnEvent("/", "manager", func(_ socketio.Conn, s *plugin.Session) (bool, error) {
						a.manager.Put(s, "k", "v")
						return true, a.manager.Destroy(s)
					})
					a.sessions.OnEvent("/", "manager+fail", func(_ socketio.Conn, s *plugin.Session) (bool, error) {
						if err := a.manager.Destroy(s); err != nil {
							return false, err
						}
						panic("after the destroy")
					})
					a.sessions.OnEvent("/", "update", func(_ socketio.Conn, s *plugin.Session) bool {
						return s.Update(func(s *plugin.Session) error { return a.manager.Destroy(s) }) != nil
					})
				})
				cookie := a.login("alice")
				c, other := a.enter(cookie), a.enter(cookie)
				other.ask(`["id"]`) // "40" comes before the session is loaded
				c.send(`429["` + event + `"]`)
				for _, c := range []*client{c, other} {
					var sinvalid int
					for got := c.read(); got != "closed"; got = c.read() {
						switch {
						case strings.HasPrefix(got, `42["sinvalid",{"code":"destroyed"`):
							sinvalid++
							c.try(`421["put","later","v"]`)
						case strings.HasPrefix(got, "431") && !strings.Contains(got, `"destroyed"`) && !strings.Contains(got, `"disconnected"`):
							t.Errorf("a later event got %s", got)
						}
					}
					if sinvalid != 1 {
						t.Errorf("sinvalid came %d times", sinvalid)
					}
				}
				eventually(t, "OnDisconnect", func() bool { return l.count("disconnect:destroyed") == 2 })
				if n := l.count("invalid:destroyed"); n != 2 {
					t.Errorf("%d OnInvalid, want 2: %s", n, l.all())
				}
				if a.stored(cookie) != nil {
					t.Error("the session is back")
				}
				eventually(t, "it is forgotten", func() bool { return a.sessions.Entries() == 0 })
			})
		})
	}
}

// Invariant 2: HTTP destroys between events; the next one is acknowledged
// destroyed, and nothing is written. In the scope connection the copy may serve
// for FlushInterval.
func TestHTTPDestroyBetweenEvents(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		spy := newSpy()
		a := newApp(t, spy, options, register)
		cookie := a.login("alice")
		c := a.enter(cookie)
		c.ask(`["put","k","v"]`)
		a.get(cookie, "/destroy")
		first := c.askOr(`["put","k","v2"]`)
		late := a.wired() && first == "closed" // the answer to /destroy came after that
		if options.Scope == plugin.PerMessage && !late && !strings.Contains(first, `"destroyed"`) {
			t.Errorf("the first event got %s", first)
		}
		for got := first; got != "closed" && !strings.Contains(got, `"destroyed"`); {
			got = c.askOr(`["put","k","v2"]`)
		}
		eventually(t, "the connection is forgotten", func() bool { return a.server.Count() == 0 })
		if n := spy.sessions(); n != 0 {
			t.Errorf("%d sessions are stored", n)
		}
	})
}

// Invariant 2, by racing: puts over socket and HTTP, and a destroy. Gone is gone.
func TestDestroyRaces(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.FlushInterval = time.Millisecond
		spy := newSpy()
		a := newApp(t, spy, options, register)
		var rounds sync.WaitGroup
		var cookies []string
		for round := range 100 {
			cookie := a.login("alice")
			cookies = append(cookies, cookie)
			c := a.enter(cookie)
			rounds.Go(func() {
				for c.read() != "closed" {
				}
			})
			rounds.Go(func() {
				put := func(n int) bool { return c.WS.WriteMessage(1, fmt.Appendf(nil, `42["put","k","%d"]`, n)) == nil }
				for n := range 10 {
					put(n)
				}
				if round%2 == 1 {
					_ = c.WS.WriteMessage(1, []byte(`42["destroy"]`))
				}
				tick := time.NewTicker(10 * time.Millisecond) // until it hears of the end
				defer tick.Stop()
				for n := 0; put(n); n++ {
					<-tick.C
				}
			})
			if round%2 == 0 {
				rounds.Go(func() { a.get(cookie, "/destroy") })
				rounds.Go(func() { a.get(cookie, "/put?http=1") })
			}
		}
		rounds.Wait()
		eventually(t, "every connection and entry is gone", func() bool { return a.server.Count() == 0 && a.sessions.Entries() == 0 })
		for _, cookie := range cookies { // a late /put has started a new session
			if stored := a.stored(cookie); stored != nil {
				t.Errorf("a session came back: %v", stored)
			}
		}
	})
}

// DESIGN, Refusal codes: a session whose time is over is expired, by the idle
// timeout and by the lifetime; what was not saved is not saved then.
func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		setup func(*app)
	}{
		{"idle", func(a *app) { a.manager.IdleTimeout = 300 * time.Millisecond }},
		{"lifetime", func(a *app) { a.manager.Lifetime = 300 * time.Millisecond }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				spy := newSpy()
				a := newApp(t, spy, options, func(a *app) { register(a); row.setup(a) })
				cookie := a.login("alice")
				c := a.enter(cookie)
				started := time.Now()
				eventually(t, "the session expires", func() bool { return a.stored(cookie) == nil })
				got := c.askLate(`["get","user"]`)
				if !strings.Contains(got, `"expired"`) || strings.Contains(got, `"destroyed"`) {
					t.Errorf("after %v: got %s", time.Since(started), got)
				}
			})
		})
	}
}

// demo.md: the end by -idle or -lifetime reaches the sockets within a second,
// never early, without an event of theirs.
func TestExpiryIsTold(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) { register(a); a.manager.Lifetime = 300 * time.Millisecond })
	c := a.enter(a.login("alice"))
	c.WS.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, b, err := c.WS.ReadMessage()
	if err != nil || !strings.Contains(string(b), `"sinvalid",{"code":"expired"`) {
		t.Errorf("got %q, %v within 2 s", b, err)
	}
}

// The code of a session that was kept alive over HTTP and then destroyed is
// destroyed, not expired: base.Expiry is as old as the bytes.
func TestDestroyedAfterTouches(t *testing.T) {
	t.Parallel()
	const idle = 3 * time.Second // a busy machine may hold a page up
	var setup store.Backend = newSpy()
	a := newApp(t, setup, plugin.Options{Scope: plugin.PerMessage}, func(a *app) { register(a); a.manager.IdleTimeout = idle })
	// destroyed tells whether the session was used often enough to live until then:
	// on a busy machine it may really have expired.
	destroyed := func() (c *client, often bool) {
		cookie := a.login("alice")
		c = a.enter(cookie)
		used, often := time.Now(), true
		use := func(path string) {
			a.get(cookie, path)
			often = often && time.Since(used) < idle/2
			used = time.Now()
		}
		over := time.Now().Add(idle + idle/2)
		eventually(t, "more than the idle timeout has passed", func() bool {
			use("/get?user") // SCS moves the expiry at every page
			return time.Now().After(over)
		})
		use("/destroy")
		return c, often
	}
	c, often := destroyed()
	for !often {
		c.HangUp()
		c, often = destroyed()
	}
	if got := c.askLate(`["get","user"]`); !strings.Contains(got, `"destroyed"`) || strings.Contains(got, `"expired"`) {
		t.Errorf("got %s, want destroyed", got)
	}
}

// A login over HTTP does not cost what a socket has changed and not saved yet:
// it goes over to the new token. The socket hears renewed.
func TestRenewal(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.FlushInterval = time.Hour
		a := newApp(t, nil, options, register)
		old := a.login("alice")
		c := a.enter(old)
		if got := c.ask(`["put","cart","full"]`); got != `[true]` {
			t.Fatal(got)
		}
		_, renewed := a.get(old, "/renew")
		if why := c.expelled("/"); why != `{"code":"renewed","message":"The session goes on under a new cookie.","reconnect":true,"data":null}` {
			t.Errorf("got %s", why)
		}
		c.ends()
		if stored := a.stored(renewed); stored["cart"] != "full" || stored["user"] != "alice" {
			t.Errorf("the new session holds %v", stored)
		}
		if a.stored(old) != nil {
			t.Error("the old token is still good")
		}
		again := a.dial(old)
		if why := again.refused("/"); !strings.HasPrefix(why, `{"code":"renewed"`) {
			t.Errorf("a late client with the old cookie got %s", why)
		}
		again.ends()
		if got := a.enter(renewed).ask(`["get","cart"]`); got != `["full"]` {
			t.Errorf("a client with the new cookie got %s", got)
		}
	})
}

// Invariant 6: a logout over HTTP reaches every socket of the session at once,
// without an event of theirs, and no socket of another.
func TestLogoutIsTold(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.FlushInterval = time.Hour
		a := newApp(t, nil, options, register)
		cookie := a.login("alice")
		sockets := []*client{a.enter(cookie), a.enter(cookie), a.enter(cookie)}
		other := a.enter(a.login("bob"))
		for _, c := range sockets {
			c.ask(`["get","user"]`)
		}
		a.get(cookie, "/destroy")
		for _, c := range sockets {
			if why := c.expelled("/"); why != `{"code":"destroyed","message":"The session has ended.","reconnect":false,"data":null}` {
				t.Errorf("got %s", why)
			}
			c.ends()
		}
		if got := other.ask(`["get","user"]`); got != `["bob"]` {
			t.Errorf("another session got %s", got)
		}
	})
}
