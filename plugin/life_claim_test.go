package plugin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// loginApp has a login over the socket, and one that keeps nothing of before.
func loginApp(a *app) {
	register(a)
	for event, options := range map[string][]plugin.RenewOption{"login": nil, "login-clear": {plugin.Clear}} {
		a.sessions.OnEvent("/", event, func(_ socketio.Conn, s *plugin.Session, user string) error {
			return s.Renew(map[string]any{"user": user, "level": 7}, options...)
		})
	}
}

// post sends an empty POST under the resource path, as the page itself would.
func (a *app) post(path, cookie string, header ...string) *http.Response {
	a.Helper()
	return a.ask(http.MethodPost, path, "", cookie, header...)
}

// redeem posts a claim's secret as the page's script does.
func (a *app) redeem(cookie, secret string, header ...string) *http.Response {
	a.Helper()
	return a.ask(http.MethodPost, "session-claim", formOf(secret), cookie, append(header, "Content-Type", formType)...)
}

const formType = "application/x-www-form-urlencoded"

func formOf(secret string) string { return url.Values{"claim": {secret}}.Encode() }

func (a *app) ask(method, path, body, cookie string, header ...string) *http.Response {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), method, a.url+"/socket.io/"+path, strings.NewReader(body))
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

// logsIn sends the login, and waits for its acknowledgement and for the event
// that brings the secret.
func (c *client) logsIn(user string) (secret string) {
	c.Helper()
	return c.logsInBy("login", user)
}

func (c *client) logsInBy(event, user string) (secret string) {
	c.Helper()
	c.send(`421["` + event + `","` + user + `"]`)
	got := []string{c.read(), c.read()}
	if got[0] != "431[null]" {
		got[0], got[1] = got[1], got[0]
	}
	if secret = secretIn(got[1]); got[0] != "431[null]" || secret == "" {
		c.Fatalf("the login got %q", got)
	}
	return secret
}

var secrets = regexp.MustCompile(`^42(?:/\w+,)?\["sclaim","([A-Z2-7]{26,})"\]$`)

// secretIn returns the secret that a packet brings, "" for none.
func secretIn(packet string) string {
	if found := secrets.FindStringSubmatch(packet); found != nil {
		return found[1]
	}
	return ""
}

const renewed = `{"code":"renewed","message":"The session goes on under a new cookie.","reconnect":true,"data":null}`

// A login made inside a socket ends in a cookie. The claim is redeemed on another
// node, once: the token is renewed, the values are put, the old
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
			secret := c.logsIn("alice")
			if got := nodes[0].stored(old)["user"]; got != "guest" {
				t.Errorf("the user is %v before the claim is redeemed", got)
			}
			response := nodes[0].redeem(old, secret)
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
			if response := nodes[1].redeem(fresh, secret); response.StatusCode != http.StatusForbidden || cookieIn(response) != "" {
				t.Errorf("a second time got %s with the cookie %q", response.Status, cookieIn(response))
			}
			again.still("alice")
			other.still("bob")
		})
	})
}

// Only the page of the very session, with the very secret, redeems a claim.
// Whoever else tries leaves it where it is, and the token as it was.
func TestClaimIsRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, loginApp)
	cookie, mallory := a.login("guest"), a.login("mallory")
	c := a.enter(cookie)
	secret := c.logsIn("alice")
	other := a.enter(mallory).logsIn("eve")
	for _, row := range []struct {
		name, method, body, cookie string
		header                     []string
		status                     int
	}{
		{"no cookie", "POST", formOf(secret), "", nil, 401},
		{"an empty cookie", "POST", formOf(secret), "session=", nil, 401},
		{"no session", "POST", formOf(secret), "session=nobody", nil, 403},
		{"another session", "POST", formOf(secret), mallory, nil, 403},
		{"the secret of another", "POST", formOf(other), cookie, nil, 403},
		{"a wrong secret", "POST", formOf(strings.ToLower(secret)), cookie, nil, 403},
		{"half a secret", "POST", formOf(secret[:13]), cookie, nil, 403},
		{"the id for a cookie", "POST", formOf(secret), "session=" + idOf(cookie), nil, 403},
		{"the claim for a cookie", "POST", "", "session=once:claim:" + idOf(cookie), nil, 401},
		{"no secret", "POST", "", cookie, nil, 204},
		{"no secret and no session", "POST", "", "session=nobody", nil, 401},
		{"an empty secret", "POST", formOf(""), cookie, nil, 400},
		{"another field", "POST", "secret=" + secret, cookie, nil, 400},
		{"a broken form", "POST", "claim=%", cookie, nil, 400},
		{"a huge form", "POST", "x=" + strings.Repeat("x", 10_000) + "&" + formOf(secret), cookie, nil, 400},
		{"JSON", "POST", `{"claim":"` + secret + `"}`, cookie, []string{"Content-Type", "application/json"}, 400},
		{"plain text", "POST", formOf(secret), cookie, []string{"Content-Type", "text/plain"}, 400},
		{"GET", "GET", "", cookie, nil, 405},
		{"HEAD", "HEAD", "", cookie, nil, 405},
		{"PUT", "PUT", formOf(secret), cookie, nil, 405},
		{"OPTIONS of another origin", "OPTIONS", "", cookie, []string{"Origin", "http://evil.example"}, 403},
		{"another origin", "POST", formOf(secret), cookie, []string{"Origin", "http://evil.example"}, 403},
		{"another port", "POST", formOf(secret), cookie, []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"no origin at all", "POST", formOf(secret), cookie, []string{"Origin", "null"}, 403},
		{"two origins", "POST", formOf(secret), cookie, []string{"Origin", a.url, "Origin", "http://evil.example"}, 403},
		{"cross-site", "POST", formOf(secret), cookie, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same-site", "POST", formOf(secret), cookie, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"typed in", "POST", formOf(secret), cookie, []string{"Sec-Fetch-Site", "none"}, 403},
	} {
		if !slices.Contains(row.header, "Content-Type") && row.body != "" {
			row.header = append(row.header, "Content-Type", formType)
		}
		response := a.ask(row.method, "session-claim", row.body, row.cookie, row.header...)
		if set := cookieIn(response); response.StatusCode != row.status || set != "" && set != cookie {
			t.Errorf("%s: got %s with the cookie %q", row.name, response.Status, set)
		}
		if row.status == 405 && response.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", row.name, response.Header.Get("Allow"))
		}
	}
	if response := a.post("session-claim?claim="+secret, cookie); response.StatusCode != 204 || cookieIn(response) != cookie {
		t.Errorf("in the URL: got %s with the cookie %q", response.Status, cookieIn(response))
	}
	c.still("guest")
	if stored := a.stored(cookie); stored["user"] != "guest" || stored["level"] != nil {
		t.Errorf("the session holds %v", stored)
	}
	response := a.redeem(cookie, secret, "Origin", a.url, "Sec-Fetch-Site", "same-origin")
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
			c := nodes[0].enter(old)
			secrets := []string{c.logsIn("alice"), c.logsIn("alice")} // the second is void with the first, and the other way round
			var all sync.WaitGroup
			var fresh sync.Map
			for i := range 8 {
				all.Go(func() {
					if cookie := cookieIn(nodes[i%2].redeem(old, secrets[i/2%2])); cookie != "" {
						fresh.Store(cookie, true)
					}
				})
			}
			all.Wait()
			n := 0
			for cookie := range fresh.Range {
				n++
				if stored := nodes[0].stored(cookie.(string)); stored["user"] != "alice" {
					t.Errorf("the new session holds %v", stored)
				}
			}
			if n != 1 || nodes[0].stored(old) != nil {
				t.Errorf("%d new sessions, the old one is %v", n, nodes[0].stored(old))
			}
		}
	})
}
