package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
	"github.com/gorilla/websocket"
)

// patience is how long a test waits at most. A test that passes never waits as
// long.
const patience = 20 * time.Second

// quiet is the logger of tests whose clients break the rules.
var quiet = slog.New(slog.DiscardHandler)

// A logBook keeps the log.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// A host is a go-socket.io server on a Wire, as in an app without sessions.
type host struct {
	testing.TB
	wire   *Wire
	server *socketio.Server
	web    *httptest.Server
}

// newHost starts a host, after setup if there is one.
func newHost(tb testing.TB, options Options, setup func(*host)) *host {
	tb.Helper()
	h := &host{TB: tb, wire: New(options)}
	h.server = socketio.NewServer(h.wire.EngineOptions(nil))
	for _, namespace := range []string{"/", "/chat"} {
		h.server.OnConnect(namespace, func(socketio.Conn) error { return nil })
		h.server.OnEvent(namespace, "echo", func(_ socketio.Conn, text string) string { return text })
		h.server.OnEvent(namespace, "number", func(_ socketio.Conn, n int) int { return n })
		h.server.OnEvent(namespace, "buf", func(_ socketio.Conn, b parser.Buffer) int { return len(b.Data) })
	}
	h.web = httptest.NewUnstartedServer(h.wire.Handler(h.server))
	if setup != nil {
		setup(h)
	}
	go h.server.Serve() // ends with Close
	h.web.Start()
	tb.Cleanup(func() {
		for _, c := range h.conns() {
			c.lose(ReasonClosed) // the test is over: nobody polls for the farewell
		}
		late, cancel := context.WithTimeout(context.Background(), patience) // tb.Context is over
		defer cancel()
		if err := h.wire.Close(late); err != nil {
			tb.Errorf("Close: %v", err)
		}
		h.server.Close()
		h.web.CloseClientConnections()
		h.web.Close()
	})
	return h
}

// kinds runs a test for each transport and version.
func kinds(t *testing.T, test func(t *testing.T, transport string, version int)) {
	t.Helper()
	for _, transport := range []string{namePolling, nameWebsocket} {
		for version := 3; version <= 4; version++ {
			t.Run(fmt.Sprint(transport, version), func(t *testing.T) {
				t.Parallel()
				test(t, transport, version)
			})
		}
	}
}

// versions runs a test for each version.
func versions(t *testing.T, test func(t *testing.T, version int)) {
	t.Helper()
	for version := 3; version <= 4; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			test(t, version)
		})
	}
}

func (h *host) url(transport string, version int) string {
	return fmt.Sprintf("%s/socket.io/?EIO=%d&transport=%s", h.web.URL, version, transport)
}

// conns returns the Conns of all callers.
func (h *host) conns() []*Conn {
	r := &h.wire.registry
	r.mu.RLock()
	defer r.mu.RUnlock()
	var all []*Conn
	for _, m := range r.conns {
		all = append(all, m.(*Conn))
	}
	return all
}

// conn returns the Conn of a caller.
func (h *host) conn(c caller) *Conn {
	h.Helper()
	conn := h.wire.Find(c.name())
	if conn == nil {
		h.Fatal("the connection is gone")
	}
	return conn
}

// say sends text, and fails if that fails.
func (h *host) say(c caller, lines ...string) {
	h.Helper()
	if err := c.send(text(lines...)...); err != nil {
		h.Fatalf("send %.100q: %v", lines, err)
	}
}

// hear reads text, and fails if it is not the expected one. A line that ends in *
// is a prefix.
func (h *host) hear(c caller, lines ...string) {
	h.Helper()
	for _, want := range lines {
		got, err := c.read()
		prefix, open := strings.CutSuffix(want, "*")
		if err != nil || got != want && (!open || !strings.HasPrefix(got, prefix)) {
			h.Fatalf("got %.200q, %v, want %.200q", got, err, want)
		}
	}
}

// hearEnd fails unless the connection ends, with nothing before that.
func (h *host) hearEnd(c caller) {
	h.Helper()
	if got, err := c.read(); err == nil {
		h.Fatalf("got %.200q, want the end", got)
	}
}

// call connects, and enters the root.
func (h *host) call(transport string, version int) caller {
	h.Helper()
	c := h.dial(transport, version)
	if version == 4 {
		h.say(c, "40")
	}
	h.hear(c, "40*")
	return c
}

// dial connects and reads OPEN.
func (h *host) dial(transport string, version int) caller {
	h.Helper()
	if transport == namePolling {
		return h.polling(version, "")
	}
	w := h.socket(h.url(transport, version), version)
	open, err := w.read()
	if err != nil || !strings.HasPrefix(open, "0{") {
		h.Fatalf("got %q, %v, want OPEN", open, err)
	}
	w.id = idOf(open)
	return w
}

// polling connects by polling, with more in its query, and reads OPEN.
func (h *host) polling(version int, query string) *pollCaller {
	h.Helper()
	p := &pollCaller{host: h, version: version, url: h.url(namePolling, version) + query}
	open, err := p.read()
	if err != nil || !strings.HasPrefix(open, "0{") {
		h.Fatalf("got %q, %v, want OPEN", open, err)
	}
	p.id = idOf(open)
	p.url += "&sid=" + p.id
	return p
}

// socket opens a websocket.
func (h *host) socket(url string, version int) *wsCaller {
	h.Helper()
	ws, _, err := websocket.DefaultDialer.DialContext(h.Context(), "ws"+strings.TrimPrefix(url, "http"), nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { ws.Close() })
	return &wsCaller{ws: ws, version: version}
}

func idOf(open string) string {
	var p openPacket
	_ = json.Unmarshal([]byte(open[1:]), &p)
	return p.ID
}

// eventually waits until another goroutine has made a condition true.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			tb.Fatalf("not in time: %s", what)
		}
	}
}
