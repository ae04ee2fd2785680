package plugin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// Invariant 12: the origin is checked on every request of the transports, also
// on one with the right id and cookie. OWN stands for the server's host.
func TestWiredOrigin(t *testing.T) {
	t.Parallel()
	allowed := transport.Options{AllowedOrigins: []string{"https://app.example", "http://dev.example:8080"}}
	a := wiredApp(t, plugin.Options{}, allowed, register)
	host := strings.TrimPrefix(a.url, "http://")
	cookie := a.login("alice")
	for _, row := range []struct {
		name   string
		header http.Header
		may    bool
	}{
		{"no browser", nil, true},
		{"own origin", http.Header{"Origin": {"http://OWN"}}, true},
		{"own origin behind TLS", http.Header{"Origin": {"https://OWN"}}, true},
		{"own origin as a browser sends it", http.Header{"Origin": {"http://OWN"}, "Sec-Fetch-Site": {"same-origin"}}, true},
		{"null", http.Header{"Origin": {"null"}}, false},
		{"empty", http.Header{"Origin": {""}}, false},
		{"another host", http.Header{"Origin": {"http://evil.example"}}, false},
		{"another port", http.Header{"Origin": {"http://127.0.0.1:1"}}, false},
		{"no port", http.Header{"Origin": {"http://127.0.0.1"}}, false},
		{"own host as a prefix", http.Header{"Origin": {"http://OWN.evil.example"}}, false},
		{"own host as a user", http.Header{"Origin": {"http://OWN@evil.example"}}, false},
		{"another scheme", http.Header{"Origin": {"file://OWN"}}, false},
		{"two origins", http.Header{"Origin": {"http://OWN", "http://evil.example"}}, false},
		{"allowed origin", http.Header{"Origin": {"https://app.example"}, "Sec-Fetch-Site": {"cross-site"}}, true},
		{"allowed origin with its port", http.Header{"Origin": {"http://dev.example:8080"}}, true},
		{"allowed origin with another scheme", http.Header{"Origin": {"http://app.example"}}, false},
		{"allowed origin with another port", http.Header{"Origin": {"http://dev.example"}}, false},
		{"below an allowed origin", http.Header{"Origin": {"https://www.app.example"}}, false},
		{"forwarded host", http.Header{"Origin": {"http://evil.example"}, "X-Forwarded-Host": {"evil.example"}, "Forwarded": {"host=evil.example"}}, false},
		{"no origin, same-origin", http.Header{"Sec-Fetch-Site": {"same-origin"}}, true},
		{"no origin, same-site", http.Header{"Sec-Fetch-Site": {"same-site"}}, false},
		{"no origin, cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}}, false},
		{"no origin, typed", http.Header{"Sec-Fetch-Site": {"none"}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := a.in(t)
			want := http.StatusForbidden
			if row.may {
				want = http.StatusOK
			}
			header := withCookie(cookie)
			for name, values := range row.header {
				for _, value := range values {
					header[name] = append(header[name], strings.ReplaceAll(value, "OWN", host))
				}
			}
			for _, k := range allKinds {
				if _, status := a.open(k, header); status != want {
					t.Errorf("a handshake by %s %d got %d, want %d", k.transport, k.version, status, want)
				}
				if k.transport == overWebsocket {
					continue
				}
				c := a.enterAs(k, cookie)
				c.send(`429["get","user"]`)
				get, post, upgrade := a.intrude(c, header)
				if get != want || post != want || upgrade != want {
					t.Errorf("version %d got %d, %d, %d, want %d", k.version, get, post, upgrade, want)
				}
				if !row.may {
					c.want(`439["alice"]`) // it was not fetched
				}
			}
		})
	}
}

// Invariant 12: JSONP, by which any page could read and write, is refused.
func TestWiredJSONP(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, k kind) {
		a := wiredApp(t, plugin.Options{}, transport.Options{}, register)
		cookie := a.login("alice")
		c := a.enterAs(k, cookie)
		c.send(`421["get","user"]`)
		for _, url := range []string{a.client(k, nil).Address(), c.Address()} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				for _, query := range []string{"&j=0", "&j"} {
					if status, body := a.request(method, url+query, withCookie(cookie), "d="+string(rawclient.AppendPayload(nil, k.version, rawclient.Text(`42["put","k","v"]`)...))); status != http.StatusBadRequest {
						t.Errorf("%s %s got %d %s", method, query, status, body)
					}
				}
			}
		}
		c.want(`431["alice"]`)
	})
}
