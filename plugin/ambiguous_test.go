package plugin_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// kinds returns the kinds of clients that an app's transports serve.
func (a *app) kinds() (kinds []kind) {
	for _, k := range allKinds {
		if a.wired() || k.version == 3 {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// demo.md: two different session cookies in a handshake are refused, for good,
// with a code of their own, also where anonymous clients may come in: a neighbour
// under the same domain may have set the first, to have the visitor act in a
// session that is the neighbour's. No handler runs, OnInvalid hears of it, and the
// client hears it also when the answer has taken one cookie from it.
func TestAmbiguousCookie(t *testing.T) {
	t.Parallel()
	var log lines
	l := &ledger{}
	a := newApp(t, nil, plugin.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(a *app) {
		register(a)
		a.sessions.AllowAnonymous("/")
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { l.add("connect"); return nil })
		a.sessions.OnInvalid("/", func(_ socketio.Conn, why *plugin.Refusal) { l.add(why.Code) })
	})
	mine, theirs := a.login("alice"), a.login("mallory")
	for _, k := range a.kinds() {
		for _, cookies := range []string{mine + "; " + theirs, theirs + "; " + mine, mine + "; session=nobody", mine + "; " + mine + "; session="} {
			c := a.connect(k, cookies)
			c.Header = withCookie(mine) // the browser has obeyed
			if k.version == 4 {
				c.send("40")
			}
			if why := c.refused("/"); !strings.HasPrefix(why, `{"code":"ambiguous_cookie",`) || !strings.Contains(why, `"reconnect":false`) {
				t.Errorf("%v with %q: refused with %q", k, cookies, why)
			}
			if a.wired() {
				c.HangUp() // or it would linger
			} else {
				c.drain()
			}
		}
		c := a.enterAs(k, "other=1; "+mine+"; other=2; "+mine)
		c.still("alice")
	}
	if got, want := l.all(), 4*len(a.kinds()); strings.Count(got, "ambiguous_cookie") != want || strings.Count(got, "connect") != len(a.kinds()) {
		t.Errorf("handlers heard %s", got)
	}
	if log.count("__Host-") == 0 || log.count(strings.TrimPrefix(mine, "session=")) > 0 {
		t.Errorf("the log says %s", &log.b)
	}
}

// The answer to such a request takes from the browser what a neighbour may have
// set at the resource path, and leaves the app's own cookie.
func TestAmbiguousCookieIsExpired(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, host, path string // of the app's cookie
		want             []string
	}{
		{"a subdomain", "www.shop.example:8080", "/", []string{
			"/socket.io", "/socket.io www.shop.example", "/socket.io shop.example",
			"/socket.io/", "/socket.io/ www.shop.example", "/socket.io/ shop.example",
		}},
		{"a single name", "localhost", "/", []string{"/socket.io", "/socket.io/"}},
		{"an address", "127.0.0.1:80", "/", []string{"/socket.io", "/socket.io/"}},
		{"an address of version 6", "[::1]:80", "/", []string{"/socket.io", "/socket.io/"}},
		{"the app's own path", "shop.example", "/socket.io/", []string{"/socket.io", "/socket.io shop.example", "/socket.io/ shop.example"}},
		{"no host of a browser's", "a_b.example", "/", []string{"/socket.io", "/socket.io/"}},
		{"a deep one", "1.2.3.4.5.6.7.8.9.a.example", "/", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{Tickets: true}, func(a *app) {
				register(a)
				a.manager.Cookie.Path = row.path
			})
			for _, request := range []struct{ method, name string }{
				{"GET", "?EIO=3&transport=polling"},
				{"GET", "?EIO=3&transport=websocket"},
				{"POST", "session-claim"},
				{"POST", "session-ticket"},
			} {
				response := a.askAs(row.host, request.method, request.name, "session=a; session=b")
				var got []string
				for _, c := range response.Cookies() {
					if c.Name != "session" || c.Value != "" || c.MaxAge >= 0 {
						t.Errorf("%s: %v", request.name, c)
					}
					if !strings.Contains(c.Path, "session-") {
						got = append(got, strings.TrimSpace(c.Path+" "+c.Domain))
					} else if c.Path != "/socket.io/"+request.name {
						t.Errorf("%s: %v", request.name, c)
					}
				}
				slices.Sort(got)
				want := slices.Clone(row.want)
				slices.Sort(want)
				if row.want != nil && !slices.Equal(got, want) {
					t.Errorf("%s: expired %q, want %q", request.name, got, want)
				}
				if len(got) > 18 {
					t.Errorf("%s: %d cookies", request.name, len(got))
				}
				if request.method == "POST" && response.StatusCode != http.StatusBadRequest {
					t.Errorf("%s: %s", request.name, response.Status)
				}
				if response := a.askAs(row.host, request.method, request.name, "session=a; session=a; other=b"); response.Header.Get("Set-Cookie") != "" {
					t.Errorf("%s: equal cookies got %v", request.name, response.Header)
				}
			}
		})
	}
}

// askAs makes a request to the resource path, of a host.
func (a *app) askAs(host, method, name, cookies string) *http.Response {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), patience)
	a.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, a.url+"/socket.io/"+name, nil)
	if err != nil {
		a.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Cookie", cookies)
	if strings.Contains(name, overWebsocket) {
		for key, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			r.Header.Set(key, value)
		}
	}
	response, err := a.browser.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	response.Body.Close()
	return response
}

// RefuseHandshake answers at once. A Cutter of the app's own decides for itself,
// one that is made of ours does not.
func TestAmbiguousCookieAndOptions(t *testing.T) {
	t.Parallel()
	last := func(r *http.Request) string {
		cookies := r.CookiesNamed("session")
		if len(cookies) == 0 {
			return ""
		}
		return cookies[len(cookies)-1].Value
	}
	for _, row := range []struct {
		name   string
		cutter plugin.Cutter
		status int
	}{
		{"the default", nil, http.StatusBadRequest},
		{"one of ours", plugin.FirstOf(plugin.FromHeader("X-Token"), plugin.FromCookie("session")), http.StatusBadRequest},
		{"the app's own", last, http.StatusOK},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{RefuseHandshake: true, Cutter: row.cutter}, register)
			cookies := "session=nobody; " + a.login("alice")
			for _, k := range a.kinds() {
				if row.status == http.StatusOK {
					a.enterAs(k, cookies).still("alice")
				} else if _, status := a.open(k, withCookie(cookies)); status != row.status {
					t.Errorf("%v: got %d", k, status)
				}
			}
			if status, body := a.knock(cookies, overPolling); row.status != http.StatusOK && (status != row.status || !strings.Contains(body, `"code":"ambiguous_cookie"`)) {
				t.Error(fmt.Sprint(status), body)
			}
		})
	}
}
