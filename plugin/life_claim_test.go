package plugin_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// loginApp has a login over the socket.
func loginApp(a *app) {
	register(a)
	a.sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session, user string) error {
		return s.Renew(map[string]any{"user": user, "level": 7})
	})
}

// post sends an empty POST under the resource path, as the page itself would.
func (a *app) post(path, cookie string, header ...string) *http.Response {
	a.Helper()
	return a.ask(http.MethodPost, path, cookie, header...)
}

func (a *app) ask(method, path, cookie string, header ...string) *http.Response {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), method, a.url+"/socket.io/"+path, nil)
	if err != nil {
		a.Fatal(err)
	}
	r.Header = withCookie(cookie)
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
	}
	response, err := a.browser.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { response.Body.Close() })
	return response
}

// cookieIn returns the cookie that an answer sets, "" for none.
func cookieIn(response *http.Response) string {
	for _, c := range response.Cookies() {
		return c.Name + "=" + c.Value
	}
	return ""
}

// logsIn sends the login and waits for its acknowledgement, and for the event
// that tells the script to redeem the claim.
func (c *client) logsIn(user string) {
	c.Helper()
	c.send(`421["login","` + user + `"]`)
	got := []string{c.read(), c.read()}
	if got[0] == `42["sclaim"]` {
		got[0], got[1] = got[1], got[0]
	}
	if got[0] != "431[null]" || got[1] != `42["sclaim"]` {
		c.Fatalf("the login got %q", got)
	}
}

const renewed = `{"code":"renewed","message":"The session goes on under a new cookie.","reconnect":true,"data":null}`

// Issue 5.3: a login made inside a socket ends in a cookie. The claim is redeemed
// on another node, once: the token is renewed, the values are put, the old
// cookie is dead, and every socket is told renewed, which says to come back.
func TestClaim(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		scopes(t, func(t *testing.T, options plugin.Options) {
			options.FlushInterval = time.Hour
			nodes := newNodes(t, 2, b, options, loginApp)
			old := nodes[0].login("guest")
			c, sibling, other := nodes[0].enter(old), nodes[1].enter(old), nodes[0].enter(nodes[0].login("bob"))
			c.ask(`["put","cart","full"]`)
			c.logsIn("alice")
			if got := nodes[0].stored(old)["user"]; got != "guest" {
				t.Errorf("the user is %v before the claim is redeemed", got)
			}
			response := nodes[0].post("session-claim", old)
			fresh := cookieIn(response)
			if response.StatusCode != http.StatusNoContent || fresh == "" || fresh == old || response.Header.Get("Cache-Control") == "" {
				t.Fatalf("got %s with the cookie %q, %v", response.Status, fresh, response.Header)
			}
			for _, c := range []*client{c, sibling} {
				if why := c.expelled("/"); why != renewed {
					t.Errorf("got %s", why)
				}
				c.ends()
			}
			if nodes[0].stored(old) != nil {
				t.Error("the old cookie is still good")
			}
			stored := nodes[1].stored(fresh)
			if stored["user"] != "alice" || stored["level"] != 7 || stored["cart"] != "full" {
				t.Errorf("the new session holds %v", stored)
			}
			again := nodes[1].enter(fresh)
			again.still("alice")
			if response := nodes[1].post("session-claim", fresh); response.StatusCode != http.StatusNoContent || cookieIn(response) != "" {
				t.Errorf("a second time got %s with the cookie %q", response.Status, cookieIn(response))
			}
			again.still("alice")
			other.still("bob")
		})
	})
}

// Only the page of the very session redeems a claim. Whoever else tries leaves it
// where it is.
func TestClaimIsRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, loginApp)
	cookie := a.login("guest")
	c := a.enter(cookie)
	c.logsIn("alice")
	for _, row := range []struct {
		name, method, cookie string
		header               []string
		status               int
	}{
		{"no cookie", "POST", "", nil, 401},
		{"no session", "POST", "session=nobody", nil, 401},
		{"another session", "POST", a.login("mallory"), nil, 204},
		{"the id for a cookie", "POST", "session=" + idOf(cookie), nil, 401},
		{"the claim for a cookie", "POST", "session=once:claim:" + idOf(cookie), nil, 401},
		{"GET", "GET", cookie, nil, 405},
		{"HEAD", "HEAD", cookie, nil, 405},
		{"PUT", "PUT", cookie, nil, 405},
		{"OPTIONS of another origin", "OPTIONS", cookie, []string{"Origin", "http://evil.example"}, 403},
		{"another origin", "POST", cookie, []string{"Origin", "http://evil.example"}, 403},
		{"another port", "POST", cookie, []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"no origin at all", "POST", cookie, []string{"Origin", "null"}, 403},
		{"two origins", "POST", cookie, []string{"Origin", a.url, "Origin", "http://evil.example"}, 403},
		{"cross-site", "POST", cookie, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same-site", "POST", cookie, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"typed in", "POST", cookie, []string{"Sec-Fetch-Site", "none"}, 403},
	} {
		response := a.ask(row.method, "session-claim", row.cookie, row.header...)
		if response.StatusCode != row.status || cookieIn(response) != "" {
			t.Errorf("%s: got %s with the cookie %q", row.name, response.Status, cookieIn(response))
		}
		if row.status == 405 && response.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", row.name, response.Header.Get("Allow"))
		}
	}
	c.still("guest")
	if stored := a.stored(cookie); stored["user"] != "guest" || stored["level"] != nil {
		t.Errorf("the session holds %v", stored)
	}
	response := a.post("session-claim", cookie, "Origin", a.url, "Sec-Fetch-Site", "same-origin")
	if response.StatusCode != 204 || a.stored(cookieIn(response))["user"] != "alice" {
		t.Errorf("the page itself got %s", response.Status)
	}
}

// Of many requests that redeem a claim at once, one does; nothing is there twice,
// and nothing comes back.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, func(a *app) {
			loginApp(a)
			a.manager.IdleTimeout = time.Hour // so that every request commits
		})
		for range 10 {
			old := nodes[0].login("guest")
			nodes[0].enter(old).logsIn("alice")
			var all sync.WaitGroup
			var fresh sync.Map
			for i := range 8 {
				all.Go(func() {
					if cookie := cookieIn(nodes[i%2].post("session-claim", old)); cookie != old {
						fresh.Store(cookie, true)
					}
				})
			}
			all.Wait()
			n := 0
			for cookie := range fresh.Range {
				if cookie != "" {
					n++
					if stored := nodes[0].stored(cookie.(string)); stored["user"] != "alice" {
						t.Errorf("the new session holds %v", stored)
					}
				}
			}
			if n != 1 || nodes[0].stored(old) != nil {
				t.Errorf("%d new sessions, the old one is %v", n, nodes[0].stored(old))
			}
		}
	})
}

// aging is a backend in which what is kept for one use can be made to expire.
type aging struct {
	*store.Memory
	mu    sync.Mutex
	once  map[string][]byte
	lives []time.Duration
}

func (b *aging) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if strings.HasPrefix(key, "once:") {
		b.mu.Lock()
		b.once[key] = change.New
		b.lives = append(b.lives, time.Until(change.Life.Expiry), time.Until(change.Life.Limit))
		b.mu.Unlock()
	}
	return b.Memory.Swap(ctx, key, change)
}

// age makes all that is kept for one use a moment too old, and tells how long
// it was to live.
func (b *aging) age(t *testing.T) (lives []time.Duration) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	over := time.Now()
	for key, bytes := range b.once {
		_, ok, err := b.Memory.Swap(t.Context(), key, store.Change{Old: bytes, New: bytes, Life: store.Life{Expiry: over, Limit: over}})
		if !ok || err != nil {
			t.Fatalf("%s: ok %v, error %v", key, ok, err)
		}
	}
	return b.lives
}

// A claim lives for 30 s.
func TestClaimLife(t *testing.T) {
	t.Parallel()
	b := &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
	a := newApp(t, b, plugin.Options{}, loginApp)
	cookie := a.login("guest")
	c := a.enter(cookie)
	c.logsIn("alice")
	for _, life := range b.age(t) {
		if life > 30*time.Second || life < 25*time.Second {
			t.Errorf("it was to live for %v", life)
		}
	}
	if response := a.post("session-claim", cookie); response.StatusCode != 204 || cookieIn(response) != "" {
		t.Errorf("when its time is over: got %s with the cookie %q", response.Status, cookieIn(response))
	}
	c.still("guest")
	c.logsIn("bob") // a later one replaces an earlier one
	c.logsIn("carol")
	if got := a.stored(cookieIn(a.post("session-claim", cookie)))["user"]; got != "carol" {
		t.Errorf("the user is %v", got)
	}
}
