package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// TestEvilPage has pages of other origins try everything against a mirror of
// which the same browser has the cookie and an open connection.
func TestEvilPage(t *testing.T) {
	t.Parallel()
	for version, client := range browserClients {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			m := startMirror(t, "-client", filepath.Join("clients/node_modules", client))
			browser := startBrowser(t)
			for _, transport := range []string{"polling", "websocket"} {
				victim := openPage(browser, t, m.url)
				victim.connects(transport)
				sid := ask[string](victim, `socket.io.engine.id`)
				for kind, url := range pages(t) {
					evil := openPage(browser, t, url)
					evil.runs("evil.js")
					before := m.stats().Answers
					for _, eio := range []int{3, 4} {
						for what, got := range evil.attacks(m.url, eio, sid) {
							if got != "" {
								t.Errorf("a %s page, EIO %d, %s of a victim by %s: read %q", kind, eio, what, transport, got)
							}
						}
					}
					after := m.stats().Answers
					// Of ten attacks, three by JSONP, for each version of the protocol.
					if n := after["403"] - before["403"]; n != 14 {
						t.Errorf("a %s page, victim by %s: %d answers of 403, want 14", kind, transport, n)
					}
					if n := after["400"] - before["400"]; n != 6 {
						t.Errorf("a %s page, victim by %s: %d answers of 400, want 6", kind, transport, n)
					}
				}
				acks := ask[int](victim, `acks`)
				victim.until(fmt.Sprintf(`acks >= %d`, acks+20)) // it goes on
				if seen := ask[string](victim, `JSON.stringify(faults)`); seen != "[]" {
					t.Errorf("the victim by %s: %s", transport, seen)
				}
				victim.until(fmt.Sprintf(`socket.connected && socket.io.engine.id === %q && socket.io.engine.transport.name === %q`, sid, transport))
			}
		})
	}
}

// connects opens a socket that goes on to send events, one after the other,
// and notes what should not happen.
func (p *tab) connects(transport string) {
	p.t.Helper()
	ask[any](p, fmt.Sprintf(`
		var acks = 0, faults = [];
		var socket = io({ transports: [%q], reconnection: false });
		function next() {
			socket.emit('up', acks, 'on', (ack) => {
				if (JSON.stringify(ack) !== JSON.stringify({ n: acks, text: 'on' })) faults.push(ack);
				acks++;
				setTimeout(() => (acks %% 10 ? next() : socket.emit('seen', (seen) => {
					if (seen.length !== acks || seen.includes(666)) faults.push(seen);
					next();
				})), 20);
			});
		}
		for (const event of ['disconnect', 'error', 'connect_error', 'sinvalid']) socket.on(event, (why) => faults.push(event + ' ' + (why.message || why)));
		socket.on('connect', next);
		0`, transport))
	p.until(`acks > 0`)
}

// attacks tries everything, and returns what it has read.
func (p *tab) attacks(url string, eio int, sid string) map[string]string {
	p.t.Helper()
	ask[any](p, fmt.Sprintf(`var got; attack(%q, %d, %q).then((all) => { got = all; }); 0`, url, eio, sid))
	p.untilWithin(limit, `got !== undefined`)
	var got map[string]string
	if err := json.Unmarshal([]byte(ask[string](p, `JSON.stringify(got)`)), &got); err != nil {
		p.t.Fatal(err)
	}
	ask[any](p, `got = undefined, 0`)
	return got
}

// pages serves an empty page on another port. Under one name it is of the
// mirror's site, so that the browser sends the cookie along; under the other
// it is of another site.
func pages(t *testing.T) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>another origin</title>`)
	}))
	t.Cleanup(server.Close)
	return map[string]string{
		"same-site":  server.URL,
		"cross-site": strings.Replace(server.URL, "127.0.0.1", "localhost", 1),
	}
}

// TestFriendlyPage shows that the attacks of TestEvilPage would work: a page
// of an allowed origin may do what they try, but for JSONP and without the
// cookie.
func TestFriendlyPage(t *testing.T) {
	t.Parallel()
	for version, client := range browserClients {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			friend := pages(t)["same-site"]
			m := startMirror(t, "-origins", "https://example.com,"+friend, "-client", filepath.Join("clients/node_modules", client))
			browser := startBrowser(t)
			openPage(browser, t, m.url) // which sets the cookie
			p := openPage(browser, t, friend)
			p.loads(m.url + "/client.js")
			p.runs("clients/matrix-talk.mjs", "mirror.js", "evil.js")
			for transports, count := range map[string]int{`['polling']`: 3, `['websocket']`: 10, `undefined`: 10} {
				p.talks(m.url, transports, count, min(count, 5))
			}
			got := p.attacks(m.url, 3, "nobody")
			if !strings.HasPrefix(got["websocket"], "0{") || !strings.HasSuffix(got["websocket"], " 40") {
				t.Errorf("its websocket read %q, want to be connected by the cookie", got["websocket"])
			}
			if !strings.Contains(got["xhr"], `"sid"`) {
				t.Errorf("its XHR read %q, want an id", got["xhr"])
			}
			if got["jsonp"] != "" {
				t.Errorf("its JSONP read %q", got["jsonp"])
			}
		})
	}
}

// loads runs a script of another origin.
func (p *tab) loads(src string) {
	p.t.Helper()
	ask[any](p, fmt.Sprintf(`document.head.append(Object.assign(document.createElement('script'), { src: %q })), 0`, src))
	p.until(`window.io !== undefined`)
}

// TestNativeClient connects without Origin and Sec-Fetch-Site, as no browser
// does, with the cookie that a browser would have.
func TestNativeClient(t *testing.T) {
	t.Parallel()
	m := startMirror(t)
	page := get(t, m.url, "")
	for _, cookie := range page.Cookies() {
		plugintest.At(t, m.url).Dial("/", cookie, plugintest.EIO3(), plugintest.Polling()).Connected()
		return
	}
	t.Fatal("the page sets no cookie")
}

func get(t *testing.T, url, cookie string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}
