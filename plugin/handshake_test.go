package plugin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// RefuseHandshake: who has no session gets HTTP 401 and opens no connection;
// who has one connects.
func TestRefuseHandshake(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	a := newApp(t, spy, plugin.Options{RefuseHandshake: true}, register)
	cookie := a.login("alice")
	for _, row := range []struct {
		name, cookie, code string
		status             int
	}{
		{"no cookie", "", "no_cookie", http.StatusUnauthorized},
		{"unknown", "session=nobody", "unknown", http.StatusUnauthorized},
	} {
		for _, transport := range []string{"polling", "websocket"} {
			if status, body := a.knock(row.cookie, transport); status != row.status || !strings.Contains(body, `"code":"`+row.code+`"`) {
				t.Errorf("%s, %s: got %d %s", row.name, transport, status, body)
			}
		}
	}
	a.enter(cookie)
	spy.fail(errors.New("down"))
	if status, body := a.knock(cookie, "polling"); status != http.StatusServiceUnavailable || !strings.Contains(body, "store_error") {
		t.Errorf("the store is down: got %d %s", status, body)
	}
	spy.fail(nil)
	if n := a.server.Count(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// knock sends a handshake and returns the answer.
func (a *app) knock(cookie, transport string) (status int, body string) {
	a.Helper()
	header := http.Header{"Cookie": {cookie}}
	if transport == "websocket" {
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			header.Set(name, value)
		}
	}
	return a.request(http.MethodGet, a.url+"/socket.io/?EIO=3&transport="+transport, header, "")
}
