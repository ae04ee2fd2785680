package plugin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// poll makes one polling request and returns its packets.
func (a *app) poll(cookie, sid string) []string {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.url+"/socket.io/?EIO=3&transport=polling&b64=1&sid="+sid, nil)
	if err != nil {
		a.Fatal(err)
	}
	r.Header.Set("Cookie", cookie)
	response, err := a.browser.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusBadRequest && sid != "" {
		return nil // go-socket.io answers the handshake before it knows its id
	}
	if err != nil || response.StatusCode != http.StatusOK {
		a.Fatalf("poll: %s %v", response.Status, err)
	}
	var packets []string
	for rest := string(b); rest != ""; {
		size, tail, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(size)
		if err != nil || n > len(tail) {
			a.Fatalf("payload %q", b)
		}
		packets, rest = append(packets, strings.TrimSpace(tail[:n])), tail[n:]
	}
	return packets
}

// polled connects by polling and returns the transport id.
func (a *app) polled(cookie string) (sid string) {
	a.Helper()
	packets := a.poll(cookie, "")
	var open struct{ SID string }
	if err := json.Unmarshal([]byte(packets[0][1:]), &open); err != nil {
		a.Fatalf("%q: %v", packets, err)
	}
	for len(packets) == 0 || packets[len(packets)-1] != "40" {
		packets = a.poll(cookie, open.SID)
	}
	return open.SID
}

// upgraded connects by polling with one cookie and moves to a websocket that
// carries another.
func (a *app) upgraded(first, second string) *client {
	a.Helper()
	for range 10 { // go-socket.io loses some on the way (engine.md 1.2)
		url := fmt.Sprintf("ws%s/socket.io/?EIO=3&transport=websocket&sid=%s", strings.TrimPrefix(a.url, "http"), a.polled(first))
		ws, _, err := websocket.DefaultDialer.DialContext(a.Context(), url, http.Header{"Cookie": {second}})
		if err != nil {
			a.Fatal(err)
		}
		a.Cleanup(func() { ws.Close() })
		c := &client{T: a.T, ws: ws}
		c.send("2probe")
		c.want("3probe")
		c.send("5")
		c.send("2")
		if c.read() == "3" {
			return c
		}
	}
	a.Fatal("no upgrade succeeded")
	return nil
}

// Trap (engine.md 5): after an upgrade go-socket.io shows the upgrade's cookie.
// The session stays that of the handshake, in namespaces that are entered
// later, and when the root is left and entered again.
func TestCookieOfTheHandshake(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		connect []string
		ask     string
	}{
		{"root", nil, "42"},
		{"chat", []string{"40/chat,"}, "42/chat,"},
		{"chat after the root was left", []string{"40/open,", "41", "40/chat,"}, "42/chat,"},
		{"chat after all was left", []string{"41", "40/chat,"}, "42/chat,"},
		{"root again", []string{"41", "40"}, "42"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				for _, namespace := range []string{"/", "/chat", "/open"} {
					a.sessions.OnEvent(namespace, "user", func(_ socketio.Conn, s *plugin.Session) string { return a.manager.GetString(s, "user") })
				}
			})
			c := a.upgraded(a.login("alice"), a.login("mallory"))
			for _, packet := range row.connect {
				c.send(packet)
			}
			c.send(row.ask + `1["user"]`)
			got := c.read()
			for strings.HasPrefix(got, "40") {
				got = c.read()
			}
			if !strings.HasSuffix(got, `1["alice"]`) {
				t.Errorf("got %s, want alice", got)
			}
		})
	}
}
