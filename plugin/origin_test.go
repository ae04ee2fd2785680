package plugin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// Invariant 12: what the page's script posts to obeys the same rules as the
// transports. Pages of listed origins may post, send the cookie and read the
// answer; no others, and without a Wire, which has the list, only the server's
// own. The script itself is for everyone.
func TestPostsObeyOrigins(t *testing.T) {
	t.Parallel()
	for name, wire := range map[string]*transport.Wire{
		"listed": transport.New(transport.Options{Logger: discard, AllowedOrigins: []string{"https://app.example"}}),
		"none":   nil, // as the tests are run: ours without a list, or stock
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{Tickets: true, Transport: wire}, loginApp)
			cookie, allowed := a.login("alice"), wire != nil
			for _, row := range []struct {
				name   string
				header []string
				may    bool
				origin string // that may read the answer
			}{
				{"no browser", nil, true, ""},
				{"own", []string{"Origin", a.url}, true, ""},
				{"same-origin", []string{"Sec-Fetch-Site", "same-origin"}, true, ""},
				{"listed", []string{"Origin", "https://app.example", "Sec-Fetch-Site", "cross-site"}, allowed, "https://app.example"},
				{"null", []string{"Origin", "null", "Sec-Fetch-Site", "same-origin"}, false, ""},
				{"another", []string{"Origin", "https://evil.example"}, false, ""},
				{"another scheme", []string{"Origin", "http://app.example"}, false, ""},
				{"forwarded", []string{"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"}, false, ""},
				{"cross-site", []string{"Sec-Fetch-Site", "cross-site"}, false, ""},
			} {
				for _, post := range []string{"session-claim", "session-ticket"} {
					response := a.ask(http.MethodPost, post, "", cookie, row.header...)
					if may := response.StatusCode < 300; may != row.may || !may && response.StatusCode != http.StatusForbidden {
						t.Errorf("%s: %s got %s", row.name, post, response.Status)
					}
					header := response.Header
					reads := header.Get("Access-Control-Allow-Origin")
					if credentials := header.Get("Access-Control-Allow-Credentials"); (reads != "") != (credentials == "true") {
						t.Errorf("%s: %s: origin %q with credentials %q", row.name, post, reads, credentials)
					}
					if want := row.origin; row.may && reads != want || !row.may && reads != "" {
						t.Errorf("%s: %s may be read by %q", row.name, post, reads)
					}
					if allowed && row.may && !strings.Contains(strings.Join(header.Values("Vary"), ","), "Origin") {
						t.Errorf("%s: %s: Vary %q", row.name, post, header.Values("Vary"))
					}
					preflight := a.ask(http.MethodOptions, post, "", "", append(row.header, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "x-requested-with")...)
					if got := preflight.Header.Get("Access-Control-Allow-Headers"); (got != "") != (row.may && row.origin != "") {
						t.Errorf("%s: a preflight for %s got %s %v", row.name, post, preflight.Status, preflight.Header)
					}
				}
				if response := a.ask(http.MethodGet, "socket.io-sessions.js", "", "", row.header...); response.StatusCode != http.StatusOK {
					t.Errorf("%s: the script got %s", row.name, response.Status)
				}
			}
		})
	}
}

// DESIGN: whatever is answered under the resource path, no browser takes it for
// something else, and none keeps it, but for the script.
func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{Tickets: true}, register)
	cookie := a.login("alice")
	open := a.enterAs(kind{overPolling, 3}, cookie)
	paths := []string{
		"", "?EIO=3&transport=polling", "?EIO=9&transport=polling", "?EIO=3&transport=websocket", "?transport=nosuch",
		"?EIO=3&transport=polling&j=0", "?EIO=3&transport=polling&sid=nosuch", "?EIO=3&transport=polling&sid=" + open.ID,
		"session-claim", "session-ticket", "nosuch", "nosuch.js?transport=polling", "socket.io-sessions.js", "socket.io-sessions.js?x",
	}
	for _, path := range paths {
		for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS", "PUT"} {
			if strings.Contains(path, open.ID) && (method != "POST" || !a.wired()) {
				continue // it would wait for packets
			}
			if !a.wired() && method != "GET" && path == "?EIO=3&transport=polling" {
				continue // stock transports open a session, and wait
			}
			for _, cookie := range []string{cookie, "", "session=a; session=b"} {
				for _, origin := range []string{"", "http://evil.example"} {
					header := []string{}
					if origin != "" {
						header = []string{"Origin", origin}
					}
					response := a.ask(method, path, "", cookie, header...)
					if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
						t.Errorf("%s %s: %s, X-Content-Type-Options %q", method, path, response.Status, got)
					}
					store := strings.Contains(strings.Join(response.Header.Values("Cache-Control"), ","), "no-store")
					if script := strings.HasPrefix(path, "socket.io-sessions.js"); store == script {
						t.Errorf("%s %s: %s, Cache-Control %q", method, path, response.Status, response.Header.Values("Cache-Control"))
					}
				}
			}
		}
	}
}
