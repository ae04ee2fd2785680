package wire

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// request sends any request.
func (h *host) request(method, url string, header http.Header) (status int, body string, answer http.Header) {
	h.Helper()
	got := rawclient.Request(h, h.web.Client(), method, url, header, "")
	return got.Status, got.Body, got.Header
}

// upgrading returns the headers of a handshake.
func upgrading(transport string) http.Header {
	if transport != nameWebsocket {
		return nil
	}
	return http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}
}

// go-socket.io never sees a request that the front refuses. It opens nothing, and
// does not affect the connection that it names.
func TestFrontRefuses(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{Logger: quiet}, nil)
	poll, ws := h.call(namePolling, 3), h.call(nameWebsocket, 4)
	h.say(poll, `421["echo","waits"]`)
	old := upgrading(nameWebsocket)
	old.Set("Sec-Websocket-Version", "8")
	for _, row := range []struct {
		method, query string
		header        http.Header
		status        int
		body          string
	}{
		{"GET", "", nil, 400, `{"code":0,"message":"Transport unknown"}`},
		{"GET", "transport=", nil, 400, `{"code":0,`},
		{"GET", "EIO=3&transport=jsonp", nil, 400, `{"code":0,`},
		{"GET", "EIO=3&transport=webtransport", nil, 400, `{"code":0,`},
		{"GET", "EIO=3&transport=Polling", nil, 400, `{"code":0,`},
		{"GET", "EIO=2&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
		{"GET", "EIO=5&transport=polling", nil, 400, `{"code":5,`},
		{"GET", "EIO=04&transport=polling", nil, 400, `{"code":5,`},
		{"GET", "EIO=5&transport=websocket", upgrading(nameWebsocket), 400, `{"code":5,`},
		{"GET", "EIO=3&transport=polling&j=0", nil, 400, `{"code":3,"message":"Bad request"}`},
		{"GET", "EIO=3&transport=polling&j", nil, 400, `{"code":3,`},
		{"GET", "EIO=3&transport=websocket", nil, 400, `{"code":3,`},
		{"GET", "EIO=3&transport=websocket", old, 400, ``},
		{"POST", "EIO=3&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
		{"HEAD", "EIO=3&transport=polling", nil, 400, ``},
		{"PUT", "EIO=3&transport=polling", nil, 400, `{"code":2,`},
		{"BREW", "EIO=3&transport=polling", nil, 400, `{"code":2,`},
		{"GET", "EIO=3&transport=polling&sid=1", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
		{"POST", "EIO=3&transport=polling&sid=1", nil, 400, `{"code":1,`},
		{"GET", "EIO=3&transport=websocket&sid=1", upgrading(nameWebsocket), 400, `{"code":1,`},
		{"GET", "EIO=3&transport=polling&sid=" + strings.Repeat("x", 100_000), nil, 400, `{"code":1,`},
		{"HEAD", "EIO=3&transport=polling&sid=POLL", nil, 400, ``},
		{"PUT", "EIO=3&transport=polling&sid=POLL", nil, 400, `{"code":2,`},
		{"DELETE", "EIO=3&transport=polling&sid=POLL", nil, 400, `{"code":2,`},
		{"GET", "EIO=3&transport=websocket&sid=POLL", nil, 400, `{"code":3,`},
		{"GET", "EIO=3&transport=websocket&sid=POLL", old, 400, ``},
		{"GET", "EIO=4&transport=polling&sid=WS", nil, 400, `{"code":3,`},
		{"POST", "EIO=4&transport=polling&sid=WS", nil, 400, `{"code":3,`},
		{"GET", "EIO=4&transport=websocket&sid=WS", upgrading(nameWebsocket), 400, `{"code":3,`},
	} {
		query := strings.NewReplacer("POLL", poll.ID, "WS", ws.ID).Replace(row.query)
		status, body, answer := h.request(row.method, h.web.URL+"/socket.io/?"+query, row.header)
		if status != row.status || !strings.HasPrefix(body, row.body) {
			t.Errorf("%s %.80s: got %d %s", row.method, query, status, body)
		}
		if row.body != "" && (answer.Get("Content-Type") != "application/json" || answer.Get("Cache-Control") != "no-store") {
			t.Errorf("%s %.80s: headers %v", row.method, query, answer)
		}
	}
	if n := h.wire.Len(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	h.hear(poll, `431["waits"]`)
	h.say(ws, `422["echo","works"]`)
	h.hear(ws, `432["works"]`)
}

// A handshake without a version is of version 3.
func TestFrontVersions(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	for query, want := range map[string]int{"": 3, "EIO=": 3, "EIO=3": 3, "EIO=4": 4} {
		_, body, _ := h.request(http.MethodGet, h.web.URL+"/socket.io/?transport=polling&"+query, nil)
		frames, err := decodeAll(payloadDecoder{version: want, max: 1000}, []byte(body), false)
		if err != nil {
			t.Errorf("%q: %v in %q", query, err, body)
			continue
		}
		if conn := h.wire.Find(idOf(string(frames[0].data))); conn == nil || conn.version != want {
			t.Errorf("%q: got %q", query, body)
		}
	}
}

// The handshake may be as long as net/http allows.
func TestFrontHugeHandshake(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	status, body, _ := h.request(http.MethodGet, h.url(namePolling, 4)+"&x="+strings.Repeat("x", 500_000), nil)
	if status != http.StatusOK {
		t.Errorf("got %d %.100s", status, body)
	}
	if status, _, _ = h.request(http.MethodGet, h.url(namePolling, 4)+"&x="+strings.Repeat("x", 2<<20), nil); status < 400 {
		t.Errorf("got %d", status)
	}
}

// Invariant 9: a request must have the credential of the handshake. If the
// handshake had none, the id is enough.
func TestBelongsTo(t *testing.T) {
	t.Parallel()
	wire := New(Options{})
	wire.Identify(Identity{
		Credential: func(r *http.Request) string { return r.Header.Get("Token") },
		Ended:      func(credential string) bool { return credential == "ended" },
	})
	request := func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/?EIO=4&transport=polling", nil)
		r.Header.Set("Token", token)
		return r
	}
	for _, row := range []struct {
		opened, asks string
		want         bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "", false},
		{"a", "aa", false},
		{"aa", "a", false},
		{"", "", true},
		{"", "a", true},
	} {
		if got := wire.identity.matches(request(row.asks), newConn(&wire.shared, request(row.opened), 3).credential); got != row.want {
			t.Errorf("opened by %q, asked by %q: %t", row.opened, row.asks, got)
		}
	}
	if !wire.identity.hasEnded("ended") || wire.identity.hasEnded("a") {
		t.Error("hasEnded is not Identity.Ended")
	}
	anybody := New(Options{})
	if !anybody.identity.matches(request("b"), newConn(&anybody.shared, request("a"), 3).credential) || anybody.identity.hasEnded("ended") {
		t.Error("without an Identity, who knows the id has the connection")
	}
}

// knows has no effect, also for gated and unknown namespaces.
func TestKnows(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, func(h *host) { h.wire.Gate("/gated") })
	c := h.call(nameWebsocket, 3)
	for namespace, want := range map[string]bool{"/": true, "/chat": true, "/gated": true, "/nosuch": false, "": true, "/chat2": false} {
		if got := h.wire.knows(namespace); got != want {
			t.Errorf("knows(%q) = %t", namespace, got)
		}
	}
	if n := h.server.RoomLen("/", c.ID); n != 1 {
		t.Errorf("the client's own room has %d clients", n)
	}
}

// go-socket.io serves nobody while there is no handler in the root. Whoever asks is told,
// the log once.
func TestFrontWithoutRoot(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	w := New(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	server := socketio.NewServer(w.EngineOptions(nil))
	server.OnEvent("/chat", "say", func(socketio.Conn) {})
	handler := w.Handler(server)
	for range 2 {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?EIO=4&transport=polling", nil))
		if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "register one") {
			t.Errorf("got %d, %s", answer.Code, answer.Body)
		}
	}
	if strings.Count(log.String(), "register one") != 1 {
		t.Errorf("the log has %s", log.String())
	}
}
