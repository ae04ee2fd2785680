package wire

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
)

// A Wire serves only the server that was made with it. The check asks the server
// itself, without a call of RequestChecker or ConnInitor.
func TestCheck(t *testing.T) {
	t.Parallel()
	wire := New(Options{})
	heard := false
	checked := socketio.NewServer(wire.EngineOptions(&engineio.Options{
		RequestChecker: func(*http.Request) (http.Header, error) { heard = true; return nil, errors.New("no") },
		ConnInitor:     func(*http.Request, engineio.Conn) { heard = true },
	}))
	late := wire.EngineOptions(nil)
	late.RequestChecker = func(*http.Request) (http.Header, error) { return nil, errors.New("no") }
	for _, row := range []struct {
		name   string
		server *socketio.Server
		want   string // that the error names, "" for none
	}{
		{"made with it", socketio.NewServer(wire.EngineOptions(nil)), ""},
		{"with hooks", checked, ""},
		{"with a hook set later", socketio.NewServer(late), ""},
		{"stock", socketio.NewServer(nil), "EngineOptions"},
		{"another wire's", socketio.NewServer(New(Options{}).EngineOptions(nil)), "EngineOptions"},
		{"nil", nil, "nil"},
	} {
		err := wire.Check(row.server)
		if (err != nil) != (row.want != "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		if row.server != nil && row.server.Count() > 0 {
			t.Errorf("%s: a session was opened", row.name)
		}
	}
	if heard {
		t.Error("the app has heard of it")
	}
	first, second := socketio.NewServer(wire.EngineOptions(nil)), socketio.NewServer(wire.EngineOptions(nil))
	wire.Handler(first)
	if err := wire.Check(first); err != nil {
		t.Errorf("once more: %v", err)
	}
	if err := wire.Check(second); err == nil || !strings.Contains(err.Error(), "another server") {
		t.Errorf("a second server: %v", err)
	}
	if err := New(Options{PingInterval: -1}).Check(first); err == nil || !strings.Contains(err.Error(), "PingInterval") {
		t.Errorf("wrong settings: %v", err)
	}
}

// The same without the plugin: a server that was not made with the Wire gets no
// client, on any of its transports.
func TestForgottenEngineOptions(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		entered := make(chan bool, 1)
		h := newHost(t, Options{}, func(h *host) {
			h.wire = New(Options{})
			other := socketio.NewServer(nil)
			other.OnConnect("/", func(socketio.Conn) error { entered <- true; return nil })
			h.web.Config.Handler = h.wire.Handler(other)
		})
		status, body, _ := h.request(http.MethodGet, h.url(transport, version), upgrading(transport))
		if status != http.StatusInternalServerError || !strings.Contains(body, "EngineOptions") {
			t.Errorf("got %d %s", status, body)
		}
		if len(entered) > 0 {
			t.Error("a client has reached a handler")
		}
	})
}
