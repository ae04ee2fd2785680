package plugin_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Invariant: whoever planted or shares the cookie of before a login in a socket
// gains nothing by it. A thief posts every 2 ms, without a secret and with wrong
// ones, and listens with sockets of its own; the victim's browser is far away.
// None of the logins goes to the thief, and each to its victim.
func TestTheft(t *testing.T) {
	t.Parallel()
	rounds := long(5, 1000)
	for _, k := range []kind{{overWebsocket, 3}, {overPolling, 3}} {
		t.Run(k.transport, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				loginApp(a)
				a.manager.IdleTimeout = time.Hour // so that every request commits
			})
			stolen, lost := 0, 0
			for range rounds {
				cookie := a.login("guest")
				gang := newThief(a, cookie)
				victim := a.enterAs(k, cookie)
				secret := victim.logsIn("alice")
				gang.tries(t, 10) // while the secret and the answer are on their way
				response := a.redeem(cookie, secret)
				if fresh := cookieIn(response); fresh == cookie || a.stored(fresh)["user"] != "alice" {
					lost++
					t.Errorf("the victim got %s with %q", response.Status, fresh)
				}
				response.Body.Close()
				gang.tries(t, 2)
				stolen += gang.loot()
				victim.HangUp()
			}
			t.Logf("%d logins: %d stolen, %d lost", rounds, stolen, lost)
			if stolen > 0 {
				t.Errorf("%d of %d logins are stolen", stolen, rounds)
			}
		})
	}
}

// A thief has the cookie of a session, and wants that of the login that is made
// in it.
type thief struct {
	a       *app
	cookie  string
	stop    chan struct{}
	done    sync.WaitGroup
	tried   atomic.Int64
	mu      sync.Mutex
	heard   []string // the secrets that its own sockets hear
	cookies map[string]bool
}

func newThief(a *app, cookie string) *thief {
	a.Helper()
	g := &thief{a: a, cookie: cookie, stop: make(chan struct{}), cookies: make(map[string]bool)}
	for _, c := range []*client{a.enterAs(kind{overPolling, 3}, cookie), a.enterWith("&session-script=2", cookie)} {
		g.done.Add(1)
		go g.listen(c) // ends when the session has ended for its sockets
	}
	g.done.Add(1)
	go g.post() // until loot
	return g
}

func (g *thief) listen(c *client) {
	defer g.done.Done()
	for got := c.read(); got != "closed"; got = c.read() {
		if secret := secretIn(got); secret != "" {
			g.mu.Lock()
			g.heard = append(g.heard, secret)
			g.mu.Unlock()
		}
	}
}

func (g *thief) post() {
	defer g.done.Done()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		g.mu.Lock()
		bodies := []string{"", formOf(strings.Repeat("A", 26)), formOf("")}
		for _, secret := range g.heard {
			bodies = append(bodies, formOf(secret))
		}
		g.mu.Unlock()
		g.send(bodies[n%len(bodies)])
		g.tried.Add(1)
		select {
		case <-tick.C:
		case <-g.stop:
			return
		}
	}
}

func (g *thief) send(body string) {
	r, err := http.NewRequestWithContext(g.a.Context(), http.MethodPost, g.a.url+"/socket.io/session-claim", strings.NewReader(body))
	if err != nil {
		g.a.Error(err)
		return
	}
	r.Header = withCookie(g.cookie)
	if body != "" {
		r.Header.Set("Content-Type", formType)
	}
	response, err := g.a.browser.Do(r)
	if err != nil {
		g.a.Error(err)
		return
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if set := cookieIn(response); set != "" && set != g.cookie {
		g.mu.Lock()
		g.cookies[set] = true
		g.mu.Unlock()
	}
}

// tries waits until it has tried n times more.
func (g *thief) tries(t *testing.T, n int64) {
	t.Helper()
	before := g.tried.Load()
	eventually(t, "the thief tries", func() bool { return g.tried.Load() >= before+n })
}

// loot sends the thief away, and tells how many sessions of others it got.
func (g *thief) loot() int {
	close(g.stop)
	g.done.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.cookies) + len(g.heard)
}
