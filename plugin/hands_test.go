package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// longEnv set to anything makes the stress tests of this package long.
const longEnv = "PLUGIN_TEST_LONG"

// long returns how often a stress test does something.
func long(short, long int) int {
	if os.Getenv(longEnv) != "" {
		return long
	}
	return short
}

// Invariant 11: SCS holds a lock of its own while it calls the store. Goroutines
// that commit between events, handlers on the server itself that do, the timer
// that collects what they have changed, and renewals and logouts over HTTP do not
// wait for each other in a ring.
func TestOutsideCommits(t *testing.T) {
	t.Parallel()
	backends(t, testOutsideCommits)
}

func testOutsideCommits(t *testing.T, b shared) {
	t.Helper()
	a, sessions := outsideApp(t, b, plugin.Options{FlushInterval: time.Millisecond}, func(a *app) {
		a.manager.IdleTimeout = time.Hour
		a.server.OnEvent("/", "raw-commit", func(c socketio.Conn) bool {
			_, _, err := a.manager.Commit(a.sessions.Session(c))
			return err == nil
		})
	})
	const rounds, writers = 8, 4
	commits := long(6000, 400_000) / (rounds * writers)
	neighbour := a.enter(a.login("bob"))
	for round := range rounds {
		cookie := a.login("alice")
		c := a.enter(cookie)
		c.ask(`["keep"]`)
		s := recv(t, "the session", sessions)
		c.ask(`["raw-commit"]`)
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range commits {
					a.manager.Put(s, fmt.Sprint("k", w), i)
					_, _, err := a.manager.Commit(s)
					if errors.Is(err, plugin.ErrGone) || errors.Is(err, context.Canceled) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					_ = a.manager.RenewToken(s) // ErrNoCookie, under the same lock
				}
				if round%2 == 0 && w == 0 {
					_ = a.manager.Destroy(s)
				}
			})
		}
		if round%2 == 1 {
			all.Go(func() { a.get(cookie, "/renew") })
		}
		if got := neighbour.ask(`["get","user"]`); got != `["bob"]` {
			t.Fatal(got)
		}
		all.Wait()
		c.HangUp()
	}
}

// Invariant 5 and its like: what several goroutines of a handler put is kept,
// whatever others of them do with the session meanwhile.
func TestPutBeside(t *testing.T) {
	t.Parallel()
	const workers = 8
	rounds := long(20, 200)
	doings := map[string]func(*app, *plugin.Session) error{
		"Save":   func(_ *app, s *plugin.Session) error { return s.Save() },
		"Reload": func(_ *app, s *plugin.Session) error { return s.Reload() },
		"Update": func(a *app, s *plugin.Session) error {
			return s.Update(func(s *plugin.Session) error {
				a.manager.Put(s, "n", a.manager.GetInt(s, "n")+1)
				return nil
			})
		},
		"Commit": func(a *app, s *plugin.Session) error {
			_, _, err := a.manager.Commit(s)
			return err
		},
	}
	for name, do := range doings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				a := newApp(t, nil, options, func(a *app) {
					a.sessions.OnEvent("/", "go", func(_ socketio.Conn, s *plugin.Session, round int) error {
						var all sync.WaitGroup
						failed := make([]error, workers)
						for i := range workers {
							all.Go(func() {
								a.manager.Put(s, fmt.Sprintf("k%d-%d", round, i), i)
								failed[i] = do(a, s)
							})
						}
						all.Wait()
						return errors.Join(failed...)
					})
				})
				cookie := a.login("alice")
				c := a.enter(cookie)
				for i := range rounds {
					if got := c.ask(fmt.Sprintf(`["go",%d]`, i)); got != "[null]" {
						t.Fatal(got)
					}
				}
				c.HangUp()
				keys := func() (n int) {
					for key := range a.stored(cookie) {
						if strings.HasPrefix(key, "k") {
							n++
						}
					}
					return n
				}
				eventually(t, "all is saved", func() bool { return a.sessions.Entries() == 0 })
				if got := keys(); got != workers*rounds {
					t.Errorf("%d of %d keys are stored", got, workers*rounds)
				}
				if n := a.stored(cookie)["n"]; name == "Update" && n != workers*rounds {
					t.Errorf("%v of %d updates count", n, workers*rounds)
				}
			})
		})
	}
}

// go-socket.io counts the callbacks of a connection without a lock, over all its
// namespaces: run with -race.
func TestCallbacksOfTwoNamespaces(t *testing.T) {
	t.Parallel()
	const calls = 100
	conns, answers := make(chan socketio.Conn, 2), make(chan int, 2*calls)
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		for _, namespace := range []string{"/", "/chat"} {
			a.sessions.OnEvent(namespace, "here", func(c socketio.Conn, _ *plugin.Session) bool { conns <- c; return true })
		}
	})
	c := a.enter(a.login("alice"))
	c.send("40/chat")
	c.enters("/chat")
	c.ask(`["here"]`)
	c.send(`42/chat,1["here"]`)
	for range 2 {
		conn := recv(t, "a connection", conns)
		go func() {
			for i := range calls {
				conn.Emit("n", i, func(n int) { answers <- n })
			}
		}()
	}
	seen := make(map[string]bool)
	for len(seen) < 2*calls {
		packet := c.read()
		head, event, _ := strings.Cut(packet, `["n"`)
		if event == "" {
			continue
		}
		id := strings.TrimPrefix(head, "42")
		if strings.HasPrefix(id, "/") {
			_, id, _ = strings.Cut(id, ",")
		}
		if seen[id] {
			t.Fatalf("two events have the id %s", id)
		}
		seen[id] = true
	}
}
