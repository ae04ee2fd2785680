package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// says tells in JavaScript what the page says last.
func says(text string) string { return fmt.Sprintf(`$('state').textContent === %q`, text) }

// heard tells in JavaScript how often the page has said a text.
func heard(text string) string {
	return fmt.Sprintf(`[...$('log').children].filter((line) => line.textContent === %q).length`, text)
}

// An opener opens the page of the tickets server.
type opener func(*testing.T) *tab

// eachClient runs a test with a browser and the tickets server, for each
// version of the protocol.
func eachClient(t *testing.T, test func(t *testing.T, url string, open opener)) {
	t.Helper()
	for version, client := range browserClients {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := startProgram(t, "tickets", "-client", "clients/node_modules/"+client)
			browser := startBrowser(t)
			test(t, server.url, func(t *testing.T) *tab {
				t.Helper()
				return openPage(browser, t, server.url)
			})
		})
	}
}

// TestTicket connects pages to a server of another site, where their cookie does
// not go.
func TestTicket(t *testing.T) {
	t.Parallel()
	eachClient(t, func(t *testing.T, url string, open opener) {
		t.Run("follows the session", func(t *testing.T) { ticketFollows(t, open) })
		t.Run("once", func(t *testing.T) { ticketOnce(t, url, open) })
	})
}

func ticketFollows(t *testing.T, open opener) {
	t.Helper()
	p, other := open(t), open(t)
	ask[any](p, `connect(elsewhere); 0`)
	p.until(says("ended: no_cookie"))

	ask[any](other, `connect(); 0`)
	other.until(says("connected as nobody"))
	ask[any](p, `connect(elsewhere, { ticket: true, forceNew: true }); 0`)
	p.until(says("connected as nobody"))
	p.until(`socket.io.engine.transport.name === 'websocket'`)
	p.until(`socket.io.engine.transport.ws.url.startsWith(elsewhere.replace('http', 'ws'))`)
	for n := 1; n <= 2; n++ {
		ask[any](p, `var n; emit('count').then((counted) => { n = counted; }); 0`)
		p.until(fmt.Sprintf(`n === %d`, n))
	}

	// A login by the socket is one of the page's own origin, where the cookie is.
	before := p.cookie("session")
	ask[any](p, `emit('login', 'bob'); 0`)
	for _, p := range []*tab{p, other} {
		p.until(says("connected as bob"))
	}
	if after := p.cookie("session"); after == before {
		t.Error("the cookie is that of before the login")
	}

	// It comes back by itself with another ticket, and stays away for good.
	ask[any](other, `post('/login', { user: 'alice' }); 0`)
	for _, p := range []*tab{p, other} {
		p.until(says("connected as alice"))
		p.until(heard("reconnecting: renewed") + ` === 2`)
	}
	ask[any](other, `post('/logout'); 0`)
	for _, p := range []*tab{p, other} {
		p.until(says("ended: destroyed"))
		p.until(`!socket.connected && socket.session.state === 'invalid'`)
	}
	p.wantNoErrors("WebSocket is closed before") // when it is refused while it tries one
}

// ticketOnce uses a ticket twice, and has a page of the other origin ask for
// one.
func ticketOnce(t *testing.T, url string, open opener) {
	t.Helper()
	p := open(t)
	ask[any](p, `
			var ticket, takes = 0;
			post('/socket.io/session-ticket').then((answer) => answer.json()).then((body) => {
				ticket = body.ticket;
				connect(elsewhere, { forceNew: true, ticket: () => { takes++; return ticket; } });
			}); 0`)
	p.until(says("connected as nobody"))
	ask[any](p, `socket.session.refresh(); 0`)
	p.until(says("ended: unknown"))
	if takes := ask[int](p, `takes`); takes != 2 {
		t.Errorf("the page was asked for %d tickets, want one for each handshake", takes)
	}

	// The page of the other origin, in the same browser.
	stranger := open(t)
	elsewhere := ask[string](p, `elsewhere`)
	stranger.do(chromedp.Navigate(elsewhere))
	ask[any](stranger, fmt.Sprintf(`
			var got;
			fetch(%q, { method: 'POST', credentials: 'include' }).then((answer) => answer.text()).then(
				(text) => { got = text; }, () => { got = 'nothing'; }); 0`, url+"/socket.io/session-ticket"))
	stranger.until(`got === 'nothing'`)
}

// TestLoginBySocket logs in by an event.
func TestLoginBySocket(t *testing.T) {
	t.Parallel()
	eachClient(t, func(t *testing.T, url string, open opener) {
		t.Run("every tab", func(t *testing.T) { loginBySocket(t, url, open) })
		t.Run("not a stranger", func(t *testing.T) { foreignClaim(t, url, open) })
	})
}

// loginBySocket sees the session's tabs come back with a new cookie. The old one
// is dead.
func loginBySocket(t *testing.T, url string, open opener) {
	t.Helper()
	p, other := open(t), open(t)
	for _, p := range []*tab{p, other} {
		ask[any](p, `connect(); 0`)
		p.until(says("connected as nobody"))
	}
	ask[any](p, `var n; emit('count').then((counted) => { n = counted; }); 0`)
	p.until(`n === 1`)
	before := p.cookie("session")

	ask[any](p, `emit('login', 'alice'); 0`)
	for _, p := range []*tab{p, other} {
		p.until(says("connected as alice"))
		p.until(heard("reconnecting: renewed") + ` === 1`)
	}
	after := p.cookie("session")
	if after == "" || after == before {
		t.Errorf("the cookie is %q, was %q", after, before)
	}
	wantUser(t, url, before, http.StatusUnauthorized, "no session\n")
	wantUser(t, url, after, http.StatusOK, "alice")
	ask[any](p, `emit('count').then((counted) => { n = counted; }); 0`)
	p.until(`n === 2`)

	// Whoever posts without a secret gets the same cookie.
	ask[any](p, `var answered; post('/socket.io/session-claim').then(({ status }) => { answered = status; }); 0`)
	p.until(`answered === 204`)
	if again := p.cookie("session"); again != after {
		t.Error("the token was renewed without a secret")
	}
	if !ask[bool](p, says("connected as alice")) {
		t.Error("the cookie alone has ended the connection")
	}
	p.wantNoErrors()
	other.wantNoErrors()
}

// foreignClaim has another browser, which is no part of the session, ask for
// the claim of a page without the script, which then redeems it by itself.
func foreignClaim(t *testing.T, url string, open opener) {
	t.Helper()
	p := open(t)
	ask[any](p, `
		var claim, plain = io.connect();
		plain.on('sclaim', (secret) => { claim = secret; });
		plain.emit('login', 'bob'); 0`)
	p.until(`claim !== undefined`)

	stranger, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = stranger.Body.Close()
	cookie := stranger.Cookies()[0].Value
	if status, _ := requestWith(t, http.MethodPost, url+"/socket.io/session-claim", cookie, "claim="+ask[string](p, `claim`)); status != http.StatusForbidden {
		t.Errorf("the stranger's claim: %d", status)
	}
	wantUser(t, url, cookie, http.StatusOK, "")
	ask[any](p, `post('/socket.io/session-claim', { claim }).then(() => { $('state').textContent = 'redeemed'; }); 0`)
	p.until(says("redeemed"))
	wantUser(t, url, p.cookie("session"), http.StatusOK, "bob")
}

// wantUser checks how the server answers the question whose session a cookie
// names.
func wantUser(t *testing.T, url, cookie string, status int, user string) {
	t.Helper()
	if gotStatus, got := request(t, http.MethodGet, url+"/user", cookie); gotStatus != status || got != user {
		t.Errorf("the cookie is answered %d %q, want %d %q", gotStatus, got, status, user)
	}
}

func request(t *testing.T, method, url, cookie string) (status int, body string) {
	t.Helper()
	return requestWith(t, method, url, cookie, "")
}

func requestWith(t *testing.T, method, url, cookie, form string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
	answer, err := (&http.Client{Timeout: limit}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}
