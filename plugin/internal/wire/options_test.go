package wire

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
)

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		options Options
		names   []string // what the error must name, none for no error
	}{
		{Options{}, nil},
		{Options{PingInterval: time.Millisecond, PingTimeout: time.Millisecond, MaxMessageBytes: 1, MaxQueueBytes: 1, MaxNamespaces: 1, Compression: true}, nil},
		{Options{MaxMessageBytes: 4 << 20}, nil},
		{Options{MaxQueueBytes: 1_000_000}, nil},
		{Options{AllowedOrigins: []string{"https://app.example.com", "http://localhost:8080", "http://[::1]:80:80"}}, []string{"[::1]:80:80"}},
		{Options{AllowedOrigins: []string{"http://127.0.0.1", "https://a.b:444", "capacitor://localhost", "http://[::1]:8080", "http://a:443", "https://a:80"}}, nil},
		{Options{AllowedOrigins: []string{"*"}}, []string{"AllowedOrigins", `"*"`, "https://app.example.com"}},
		{Options{AllowedOrigins: []string{"https://*.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"null"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{""}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"app.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"//app.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://app.example.com/"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://app.example.com/chat"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://app.example.com?a=b"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://me@app.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://App.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"HTTPS://app.example.com"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://app.example.com:443"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"http://app.example.com:80"}}, []string{"AllowedOrigins"}},
		{Options{AllowedOrigins: []string{"https://app.example.com", "http://a b"}}, []string{"AllowedOrigins", "a b"}},
		{Options{PingInterval: -1}, []string{"PingInterval"}},
		{Options{PingInterval: 999 * time.Microsecond}, []string{"PingInterval", "999µs"}},
		{Options{PingTimeout: -time.Second}, []string{"PingTimeout", "-1s"}},
		{Options{PingTimeout: 20}, []string{"PingTimeout", "20ns"}}, // seconds were meant
		{Options{MaxMessageBytes: -1}, []string{"MaxMessageBytes", "-1"}},
		{Options{MaxQueueBytes: -5}, []string{"MaxQueueBytes", "-5"}},
		{Options{MaxNamespaces: -1}, []string{"MaxNamespaces"}},
		{Options{MaxMessageBytes: 4<<20 + 1}, []string{"MaxQueueBytes", "4194305"}},
		{Options{MaxQueueBytes: 999_999}, []string{"MaxQueueBytes", "1000000"}},
		{Options{PingInterval: -1, PingTimeout: -1, MaxNamespaces: -1, AllowedOrigins: []string{"x"}}, []string{"PingInterval", "PingTimeout", "MaxNamespaces", "AllowedOrigins"}},
	} {
		err := New(row.options).Err()
		if (err == nil) != (row.names == nil) {
			t.Errorf("%+v: got %v", row.options, err)
		}
		for _, name := range row.names {
			if err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%+v: %v does not name %s", row.options, err, name)
			}
		}
	}
}

// A Wire with invalid settings refuses every client, and says why.
func TestBadOptions(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxNamespaces: -1}, nil)
	if h.wire.Err() == nil {
		t.Error("no error")
	}
	for _, transport := range []string{namePolling, nameWebsocket} {
		status, body, _ := h.request(http.MethodGet, h.url(transport, 4), upgrading(transport))
		if status != http.StatusInternalServerError || !strings.Contains(body, "MaxNamespaces") {
			t.Errorf("%s: got %d %s", transport, status, body)
		}
	}
}

func TestEngineOptions(t *testing.T) {
	t.Parallel()
	filled := New(Options{PingInterval: time.Second, PingTimeout: time.Minute}).EngineOptions(nil)
	if filled.PingInterval != time.Second || filled.PingTimeout != time.Minute || filled.SessionIDGenerator == nil || len(filled.Transports) != 4 { // with both fingerprints
		t.Errorf("filled in: %+v", filled)
	}
	checked := false
	given := engineio.Options{
		PingInterval: 3 * time.Second, PingTimeout: 4 * time.Second, SessionIDGenerator: onlyID{},
		RequestChecker: func(*http.Request) (http.Header, error) { checked = true; return nil, nil },
	}
	wire := New(Options{PingInterval: time.Second})
	kept := wire.EngineOptions(&given)
	if kept.PingInterval != 3*time.Second || kept.PingTimeout != 4*time.Second || kept.SessionIDGenerator != (onlyID{}) {
		t.Errorf("kept: %+v", kept)
	}
	if wire.options.PingInterval != kept.PingInterval || wire.options.PingTimeout != kept.PingTimeout {
		t.Error("the Wire's heartbeat is another")
	}
	if _, err := kept.RequestChecker(httptest.NewRequest(http.MethodGet, "/", nil)); err != nil || !checked {
		t.Error("RequestChecker is another")
	}
	if given.Transports != nil {
		t.Error("the app's own options were changed")
	}
	if wire.Err() != nil {
		t.Error(wire.Err())
	}
}

// engineio.Options may also have invalid settings.
func TestEngineOptionsAreValidated(t *testing.T) {
	t.Parallel()
	wire := New(Options{})
	wire.EngineOptions(&engineio.Options{PingInterval: 25}) // seconds were meant
	if err := wire.Err(); err == nil || !strings.Contains(err.Error(), "PingInterval") {
		t.Errorf("got %v", err)
	}
}

type onlyID struct{}

func (onlyID) NewID() string { return "only" }

// Invariant 9: ids have at least 128 random bits, in base32.
func TestIDs(t *testing.T) {
	t.Parallel()
	const bits, perLetter = 128, 5
	seen := make(map[string]bool)
	ids := New(Options{}).EngineOptions(nil).SessionIDGenerator
	for range 10_000 {
		id := ids.NewID()
		if seen[id] || len(id)*perLetter < bits || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	// Each letter is about as frequent as the others, at each position.
	first := make(map[byte]int)
	for id := range seen {
		first[id[0]]++
		first[id[len(id)-1]]++
	}
	for letter, n := range first {
		if expected := 2 * len(seen) / 32; n < expected/2 || n > expected*2 {
			t.Errorf("%c begins or ends %d ids of %d", letter, n, len(seen))
		}
	}
}

// A server that is served without the Wire's Handler refuses every client:
// nothing has checked the request.
func TestServedWithoutHandler(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, func(h *host) { h.web.Config.Handler = h.server })
	for _, transport := range []string{namePolling, nameWebsocket} {
		status, body, _ := h.request(http.MethodGet, h.url(transport, 3), upgrading(transport))
		if status < http.StatusBadRequest || !strings.Contains(body, "Wire.Handler") {
			t.Errorf("%s: got %d %s", transport, status, body)
		}
	}
	if h.wire.Len() > 0 || h.server.Count() > 0 {
		t.Error("somebody is in")
	}
}

// A server without a handler for the root refuses every client, and says why.
// go-socket.io would admit none and forget none.
func TestServerWithoutRoot(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, func(h *host) {
		h.wire = New(Options{})
		other := socketio.NewServer(h.wire.EngineOptions(nil))
		other.OnConnect("/chat", func(socketio.Conn) error { return nil })
		h.web.Config.Handler = h.wire.Handler(other)
	})
	for _, transport := range []string{namePolling, nameWebsocket} {
		status, body, _ := h.request(http.MethodGet, h.url(transport, 3), upgrading(transport))
		if status != http.StatusInternalServerError || !strings.Contains(body, `namespace "/"`) {
			t.Errorf("%s: got %d %s", transport, status, body)
		}
	}
	if h.wire.Len() > 0 {
		t.Error("somebody is in")
	}
}
