package plugin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// Invariant 1: of two writes of one key the later wins, not the one that is saved
// later. A socket's change waits to be saved; a request of this node, or what was
// heard of another's, is later.
func TestLaterWriteWins(t *testing.T) {
	t.Parallel()
	put := map[string]string{"event": `["put","k","socket"]`, "raw": `["raw-put","k","socket"]`}
	for how, event := range put {
		for n, where := range []string{"here", "there"} {
			t.Run(how+"/"+where, func(t *testing.T) {
				t.Parallel()
				backends(t, func(t *testing.T, b shared) {
					nodes := newNodes(t, 2, b, plugin.Options{FlushInterval: time.Hour}, rawApp)
					cookie := nodes[0].login("alice")
					c := nodes[0].enter(cookie)
					if how == "event" {
						c.ask(`["get","user"]`)
					}
					c.ask(event)
					nodes[n].get(cookie, "/put?k=http&heard=1")
					eventually(t, "it is heard", func() bool { return c.ask(`["get","heard"]`) == `["1"]` })
					if got := c.ask(`["get","k"]`); got != `["http"]` {
						t.Errorf("an event then sees %s", got)
					}
					c.HangUp()
					eventually(t, "all is saved", func() bool { return nodes[0].sessions.Entries() == 0 })
					if got := nodes[1].stored(cookie); got["k"] != "http" {
						t.Errorf("stored: %v", got)
					}
				})
			})
		}
	}
}

// rawApp has handlers on the server itself too.
func rawApp(a *app) {
	register(a)
	a.sessions.Protect("/")
	a.server.OnEvent("/", "raw-put", func(c socketio.Conn, key, value string) bool {
		a.manager.Put(a.sessions.Session(c), key, value)
		return true
	})
	a.server.OnEvent("/", "raw-get", func(c socketio.Conn, key string) any { return a.manager.Get(a.sessions.Session(c), key) })
	a.sessions.OnEvent("/", "shorten", func(_ socketio.Conn, s *plugin.Session, minutes int) bool {
		a.manager.SetDeadline(s, time.Now().Add(time.Duration(minutes)*time.Minute))
		return true
	})
}

// The other way round, and for what a request has read: its load sees what sockets
// of the process have changed, and its commit is later.
func TestRequestSeesUnsaved(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{FlushInterval: time.Hour}, rawApp)
	cookie := a.login("alice")
	c := a.enter(cookie)
	for i, event := range []string{"put", "raw-put", "put"} {
		c.ask(fmt.Sprintf(`["%s","k","%d"]`, event, i))
		if body, _ := a.get(cookie, "/get?k"); body != fmt.Sprint(i) {
			t.Errorf("after %s a request reads %q, want %d", event, body, i)
		}
		a.get(cookie, "/put?k=http")
		eventually(t, "the socket follows", func() bool { return c.ask(`["get","k"]`) == `["http"]` })
	}
	c.ask(`["put","k","last"]`)
	c.HangUp()
	eventually(t, "all is saved", func() bool { return a.sessions.Entries() == 0 })
	if got := a.stored(cookie)["k"]; got != "last" {
		t.Errorf("stored: %v", got)
	}
}

// The deadline is one more field.
func TestLaterDeadlineWins(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{FlushInterval: time.Hour}, rawApp)
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["shorten",600]`)
	want := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	a.change(cookie, func(ctx context.Context) { a.manager.SetDeadline(ctx, want) })
	c.HangUp()
	eventually(t, "all is saved", func() bool { return a.sessions.Entries() == 0 })
	kept := a.manager.Store.(*store.Store).Core()
	found, _, _, err := kept.Load(t.Context(), tokenIn(cookie), nil)
	if err != nil || !found.Deadline.Equal(want) {
		t.Errorf("the deadline is %v, %v; want %v", found.Deadline, err, want)
	}
}

// What a handler commits by itself counts from then on: it does not write the
// same once more when it returns.
func TestCommitInHandlerCountsOnce(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		committed, written := make(chan bool), make(chan bool)
		a := newApp(t, nil, options, func(a *app) {
			register(a)
			a.sessions.OnEvent("/", "commit", func(_ socketio.Conn, s *plugin.Session) error {
				a.manager.Put(s, "k", "socket")
				_, _, err := a.manager.Commit(s)
				committed <- true
				<-written
				return err
			})
		})
		cookie := a.login("alice")
		c := a.enter(cookie)
		c.send(`421["commit"]`)
		recv(t, "the commit", committed)
		a.get(cookie, "/put?k=http")
		written <- true
		c.skipTo("431[null]")
		if got := c.ask(`["get","k"]`); got != `["http"]` {
			t.Errorf("an event then sees %s", got)
		}
		if got := a.stored(cookie)["k"]; got != "http" {
			t.Errorf("stored: %v", got)
		}
	})
}

// What this process knows of a session counts before its next handler runs: an
// event that is sent after the answer to a logout is not handled, one that is sent
// after the answer to a put sees it.
func TestKnownBeforeTheHandler(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		a := newApp(t, nil, options, rawApp)
		for i := range long(100, 2000) {
			cookie := a.login("alice")
			c := a.enter(cookie)
			a.get(cookie, fmt.Sprintf("/put?n=%d", i))
			get, put := `["get","n"]`, `["put","k","v"]`
			if i%2 == 1 {
				get, put = `["raw-get","n"]`, `["raw-get","user"]` // on the server itself
			}
			if got, want := c.ask(get), fmt.Sprintf(`["%d"]`, i); got != want {
				t.Fatalf("after the answer to a put %s gets %s, want %s", get, got, want)
			}
			a.get(cookie, "/destroy")
			if got := c.askOr(put); strings.Contains(got, "true") || strings.Contains(got, "alice") {
				t.Fatalf("after the answer to a logout %s gets %s", put, got)
			}
			c.HangUp()
		}
	})
}

// The same while another goroutine has asked the store, and has yet to show its
// answer between handlers.
func TestKnownBeforeItIsShown(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	answered, goOn := make(chan bool), make(chan bool)
	observer := plugin.Observer{Loaded: func(context.Context, time.Duration, error) {
		if armed.CompareAndSwap(true, false) {
			answered <- true
			<-goOn
		}
	}}
	a := newApp(t, nil, plugin.Options{Observer: observer}, rawApp)
	cookie := a.login("alice")
	c := a.enter(cookie)
	if got := c.ask(`["raw-get","n"]`); got != `[null]` {
		t.Fatalf("before, it gets %s", got)
	}
	armed.Store(true)
	a.get(cookie, "/put?n=1")
	recv(t, "the answer", answered)
	defer func() { goOn <- true }()
	if got := c.ask(`["raw-get","n"]`); got != `["1"]` {
		t.Errorf("it gets %s", got)
	}
}

// An event that is handled while a request renews the token, or right after, is
// carried over, or is acknowledged renewed: not acknowledged and lost.
func TestRenewalBesideEvents(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		for _, how := range []string{"/renew", "/merge"} {
			t.Run(how[1:], func(t *testing.T) {
				t.Parallel()
				backends(t, func(t *testing.T, b shared) { testRenewalBesideEvents(t, b, options, how) })
			})
		}
	})
}

func testRenewalBesideEvents(t *testing.T, b shared, options plugin.Options, how string) {
	t.Helper()
	a := newApp(t, b, options, register)
	for range long(10, 200) {
		cookie := a.login("alice")
		c := a.enter(cookie)
		c.ask(`["get","user"]`)
		acknowledged := make(chan []string)
		go func() {
			var keys []string
			for n := 0; ; n++ {
				got := c.askOr(fmt.Sprintf(`["put","k%d","v"]`, n))
				if got != "[true]" {
					if got != "closed" && !strings.Contains(got, `"renewed"`) {
						t.Errorf("an event got %s", got)
					}
					break
				}
				keys = append(keys, fmt.Sprint("k", n))
			}
			acknowledged <- keys
		}()
		now := a.renewed(cookie, how)
		keys := recv(t, "the last event", acknowledged)
		stored := a.stored(now)
		for _, key := range keys {
			if stored[key] != "v" {
				t.Fatalf("%s was acknowledged, and is not in the session that goes on: %d of %d are", key, len(stored)-1, len(keys))
			}
		}
	}
}

// renewed makes a session go on under a new token, and returns its cookie.
func (a *app) renewed(cookie, how string) (now string) {
	a.Helper()
	if how == "/renew" {
		_, now = a.get(cookie, how)
		return now
	}
	answer := httptest.NewRecorder()
	a.sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := a.manager.MergeSession(r.Context(), tokenIn(cookie)); err != nil {
			a.Error(err)
		}
	})).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	return cookieIn(answer.Result())
}
