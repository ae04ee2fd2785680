package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// theftsEnv sets how many logins TestTheft has somebody try to steal from each
// client.
const theftsEnv = "E2E_THEFTS"

// TestTheft has a page log in by a socket, again and again, beside somebody who
// has the cookie of before: none of the logins is stolen, and none is lost.
func TestTheft(t *testing.T) {
	t.Parallel()
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv(theftsEnv)); err == nil {
		rounds = n
	}
	eachClient(t, func(t *testing.T, url string, open opener) {
		p := open(t)
		stolen, lost := 0, 0
		for n := range rounds {
			p.startsOver(n)
			g := newThief(t, url, p.cookie("session"))
			ask[any](p, `emit('login', 'alice'); 0`)
			p.until(says("connected as alice"))
			g.tries(2)
			stolen += g.loot()
			if status, user := request(t, http.MethodGet, url+"/user", p.cookie("session")); status != http.StatusOK || user != "alice" {
				lost++
				t.Errorf("the page's own cookie is answered %d %q", status, user)
			}
			ask[any](p, `post('/logout'); 0`)
			p.until(says("ended: destroyed"))
		}
		t.Logf("%d logins: %d stolen, %d lost", rounds, stolen, lost)
		if stolen > 0 {
			t.Errorf("%d of %d logins are stolen", stolen, rounds)
		}
		p.wantNoErrors("transport=polling", "WebSocket is closed before") // what a client leaves behind when it leaves
	})
}

// startsOver gives the page a session and a socket of nobody, over one transport
// after the other.
func (p *tab) startsOver(round int) {
	p.t.Helper()
	transports := []string{`['websocket']`, `['polling']`, `undefined`}[round%3]
	ask[any](p, fmt.Sprintf(`fetch('/').then(() => connect(undefined, { transports: %s, forceNew: true })); 0`, transports))
	p.until(says("connected as nobody"))
}

// A thief has the cookie of a session, and wants that of the login that is made in
// it: it posts every 2 ms, and listens with sockets of its own.
type thief struct {
	t      *testing.T
	url    string
	cookie string
	stop   chan struct{}
	done   sync.WaitGroup
	tried  atomic.Int64

	mu      sync.Mutex
	secrets []string
	cookies int // of others, that it got
}

func newThief(t *testing.T, url, cookie string) *thief {
	t.Helper()
	g := &thief{t: t, url: url, cookie: cookie, stop: make(chan struct{})}
	g.done.Go(g.post) // until loot
	srv := plugintest.At(t, url, plugintest.EIO3(), plugintest.Query("session-script", "2"), plugintest.Patience(2*limit))
	for _, options := range [][]plugintest.Option{nil, {plugintest.Polling()}} {
		c := srv.Dial("/", &http.Cookie{Name: "session", Value: cookie}, options...)
		g.done.Go(func() { g.listen(c) }) // until the session has ended for its socket
	}
	g.tries(2)
	return g
}

// tries waits until it has tried n times more.
func (g *thief) tries(n int64) {
	g.t.Helper()
	late := time.After(limit)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for goal := g.tried.Load() + n; g.tried.Load() < goal; {
		select {
		case <-again.C:
		case <-late:
			g.t.Fatal("the thief does not try")
		}
	}
}

// loot sends the thief away, and tells how much it got.
func (g *thief) loot() int {
	close(g.stop)
	g.done.Wait()
	return len(g.secrets) + g.cookies
}

// post tries to redeem the claim without a secret, and with all that it can know.
func (g *thief) post() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		g.mu.Lock()
		guesses := append([]string{"", strings.Repeat("A", 26), g.cookie}, g.secrets...)
		g.mu.Unlock()
		form := url.Values{}
		if guess := guesses[n%len(guesses)]; guess != "" {
			form.Set("claim", guess)
		}
		response, err := g.send(http.MethodPost, "session-claim", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
		if err != nil {
			g.t.Error(err)
			return
		}
		response.Body.Close()
		for _, set := range response.Cookies() {
			if set.Value != "" && set.Value != g.cookie {
				g.mu.Lock()
				g.cookies++
				g.mu.Unlock()
			}
		}
		g.tried.Add(1)
		select {
		case <-tick.C:
		case <-g.stop:
			return
		}
	}
}

func (g *thief) send(method, path, body string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(g.t.Context(), method, g.url+"/socket.io/"+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r.AddCookie(&http.Cookie{Name: "session", Value: g.cookie})
	return http.DefaultClient.Do(r)
}

// listen hears all that a socket of its own is told, and keeps what could be the secret
// of a claim.
func (g *thief) listen(c *plugintest.Client) {
	for event, args := range c.Events() {
		if event == "sclaim" {
			g.mu.Lock()
			g.secrets = append(g.secrets, args.String())
			g.mu.Unlock()
		}
	}
}
