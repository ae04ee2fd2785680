package plugin_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// aging is a backend in which what is kept for one use can be made to expire.
type aging struct {
	*store.Memory
	mu    sync.Mutex
	once  map[string][]byte
	lives []time.Duration
}

func (b *aging) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	current, ok, err := b.Memory.Swap(ctx, key, change)
	if ok && strings.HasPrefix(key, "once:") {
		b.mu.Lock()
		b.once[key] = change.New
		b.lives = append(b.lives, time.Until(change.Life.Expiry), time.Until(change.Life.Limit))
		b.mu.Unlock()
	}
	return current, ok, err
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
	clear(b.once)
	return b.lives
}

// A claim lives for 30 s, and so does its answer.
func TestClaimLife(t *testing.T) {
	t.Parallel()
	b := &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
	a := newApp(t, b, plugin.Options{}, loginApp)
	cookie := a.login("guest")
	c := a.enter(cookie)
	old := c.logsIn("alice")
	b.wantLives(t, 1)
	if response := a.redeem(cookie, old); response.StatusCode != http.StatusForbidden || cookieIn(response) != "" {
		t.Errorf("when its time is over: got %s with the cookie %q", response.Status, cookieIn(response))
	}
	c.still("guest")
	secret := c.logsIn("bob")
	if got := a.stored(cookieIn(a.redeem(cookie, secret)))["user"]; got != "bob" {
		t.Errorf("the user is %v", got)
	}
	b.wantLives(t, 3)
	if response := a.redeem(cookie, secret); response.StatusCode != http.StatusForbidden || cookieIn(response) != "" {
		t.Errorf("the answer, later: got %s with the cookie %q", response.Status, cookieIn(response))
	}
}

// wantLives lets what is kept for one use grow old, and checks how long it was to
// live.
func (b *aging) wantLives(t *testing.T, deposits int) {
	t.Helper()
	lives := b.age(t)
	for _, life := range lives {
		if life > 30*time.Second || life < 25*time.Second {
			t.Errorf("it was to live for %v", life)
		}
	}
	if len(lives) != 2*deposits {
		t.Errorf("%d deposits, want %d", len(lives)/2, deposits)
	}
}

// The answer to a login may be lost on its way, and then the browser has only
// the old cookie: the same request gets the same new one, on any node. Only that
// request does, and only while the new session lives.
func TestClaimAgain(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		for _, hashed := range []bool{false, true} {
			nodes := newNodes(t, 2, b, plugin.Options{}, func(a *app) { loginApp(a); a.manager.HashTokenInStore = hashed })
			old, other := nodes[0].login("guest"), nodes[0].login("mallory")
			c := nodes[0].enter(old)
			secret, void := c.logsIn("alice"), c.logsIn("bob")
			fresh := cookieIn(nodes[0].redeem(old, secret))
			if fresh == "" || fresh == old {
				t.Fatalf("got the cookie %q", fresh)
			}
			for range 2 {
				response := nodes[1].redeem(old, secret)
				if again := cookieIn(response); response.StatusCode != http.StatusNoContent || again != fresh {
					t.Errorf("hashed %v: again got %s with the cookie %q, want %q", hashed, response.Status, again, fresh)
				}
			}
			if body, _ := nodes[1].get(fresh, "/get?user"); body != "alice" {
				t.Errorf("the user is %q", body)
			}
			for name, response := range map[string]*http.Response{
				"without the secret":    nodes[1].post("session-claim", old),
				"a wrong secret":        nodes[1].redeem(old, void[:25]+"A"),
				"a secret that is void": nodes[1].redeem(old, void),
				"another cookie":        nodes[1].redeem(other, secret),
				"the new cookie":        nodes[1].redeem(fresh, secret),
				"no cookie":             nodes[1].redeem("", secret),
			} {
				if cookieIn(response) != "" || response.StatusCode != 401 && response.StatusCode != 403 {
					t.Errorf("%s: got %s with the cookie %q", name, response.Status, cookieIn(response))
				}
			}
			nodes[0].get(fresh, "/destroy")
			if response := nodes[1].redeem(old, secret); response.StatusCode != 401 || cookieIn(response) != "" {
				t.Errorf("after the logout: got %s with the cookie %q", response.Status, cookieIn(response))
			}
		}
	})
}

// What the store keeps of a claim leads neither to the secret nor to a token, and
// nothing else tells of them.
func TestClaimAndSecrets(t *testing.T) {
	t.Parallel()
	b := &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
	log := &lines{}
	a := newApp(t, b, plugin.Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, func(a *app) {
		loginApp(a)
		a.manager.HashTokenInStore = true
	})
	old := a.login("guest")
	secret := a.enter(old).logsIn("alice")
	wrong := strings.Repeat("A", 26)
	a.redeem(old, wrong)
	fresh := cookieIn(a.redeem(old, secret))
	a.redeem(old, secret)
	b.mu.Lock()
	defer b.mu.Unlock()
	if fresh == "" || len(b.once) != 1 {
		t.Errorf("the cookie is %q, %d deposits", fresh, len(b.once))
	}
	for _, hidden := range []string{secret, wrong, tokenIn(old), tokenIn(fresh)} {
		for key, value := range b.once {
			if strings.Contains(key+string(value), hidden) {
				t.Errorf("the store holds %s", hidden)
			}
		}
		if log.count(hidden) > 0 {
			t.Errorf("the log holds %s", hidden)
		}
	}
}

// With Clear, nothing of what the session held is there after the login, nor what
// its sockets and requests put while the claim waits and is redeemed.
func TestClaimClears(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		scopes(t, func(t *testing.T, options plugin.Options) {
			options.FlushInterval = time.Hour
			var during sync.Once
			nodes := newNodes(t, 2, b, options, loginApp)
			old := nodes[0].login("guest")
			c := nodes[0].enter(old)
			c.ask(`["put","cart","mine"]`)
			secret := c.logsInBy("login-clear", "alice")
			c.ask(`["put","unsaved","x"]`)
			nodes[1].get(old, "/put?late=x")
			redeemed := func() { // between the load of the request and its renewal
				during.Do(func() { nodes[1].get(old, "/put?later=x") })
			}
			nodes[0].link.found.Store(&redeemed)
			fresh := cookieIn(nodes[0].redeem(old, secret))
			if stored := nodes[1].stored(fresh); len(stored) != 2 || stored["user"] != "alice" || stored["level"] != 7 {
				t.Errorf("the new session holds %v", stored)
			}
			if why := c.expelled("/"); why != renewed {
				t.Errorf("got %s", why)
			}
		})
	})
}

// The secret goes to the socket that logs in, and to no other of its session.
func TestClaimIsOneSocketsOwn(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		loginApp(a)
		a.sessions.OnEvent("/chat", "none", func(socketio.Conn, *plugin.Session) {})
	})
	cookie := a.login("guest")
	c := a.enter(cookie).in("/chat")
	others := []*client{a.enter(cookie), a.enterAs(kind{overPolling, 3}, cookie)}
	c.logsIn("alice")
	for _, other := range append(others, c) {
		other.still("guest")
	}
}

// A page that has the script of before claims had secrets could not redeem one:
// there the login fails, and leaves no claim. Later versions can, and so can
// clients without the script.
func TestOldScript(t *testing.T) {
	t.Parallel()
	b := &aging{Memory: store.NewMemory(), once: make(map[string][]byte)}
	errs := make(chan error, 1)
	a := newApp(t, b, plugin.Options{}, func(a *app) {
		a.sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session) { errs <- s.Renew(nil) })
	})
	cookie := a.login("guest")
	for query, want := range map[string]error{
		"":                    nil,
		"&session-script=1":   plugin.ErrOldScript,
		"&session-script=":    plugin.ErrOldScript,
		"&session-script=0":   plugin.ErrOldScript,
		"&session-script=x":   plugin.ErrOldScript,
		"&session-script=2":   nil,
		"&session-script=30":  nil,
		"&no-session-script=": nil,
	} {
		kept := len(b.once)
		a.enterWith(query, cookie).send(`42["login"]`)
		if err := recv(t, query, errs); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", query, err, want)
		}
		if left := len(b.once) - kept; left == 1 != (want == nil) {
			t.Errorf("%q: %d claims are left", query, left)
		}
	}
}

// A claim whose secret cannot be sent is an error: nobody could redeem it. The wire has
// room for all, or drops the client.
func TestRenewUnheard(t *testing.T) {
	t.Parallel()
	errs := make(chan error, 1)
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		a.sessions.OnConnect("/", func(_ socketio.Conn, s *plugin.Session) error {
			var err error
			for range 300 { // none is sent before the client is in
				if err = s.Renew(nil); err != nil {
					break
				}
			}
			errs <- err
			return nil
		})
	})
	a.dial(a.login("guest"))
	if err := recv(t, "the login", errs); err == nil != a.wired() {
		t.Errorf("more waits for the client than stock transports have room for: %v", err)
	}
}

// enterWith enters by a handshake with more to its query.
func (a *app) enterWith(query, cookie string) *client {
	a.Helper()
	c := a.client(kind{overWebsocket, 3}, withCookie(cookie))
	c.Query += query
	c.open()
	c.enters("/")
	return c
}
