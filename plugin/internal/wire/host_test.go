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

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// patience is how long a test waits at most. A test that passes never waits as
// long.
const patience = rawclient.Patience

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
		if err := h.wire.Close(late, CloseRate); err != nil {
			tb.Errorf("Close: %v", err)
		}
		h.server.Close()
		h.web.CloseClientConnections()
		h.web.Close()
		eventually(tb, "nothing waits", func() bool { return h.waits() == 0 })
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

// A caller is a raw client that leaves pings unanswered.
type caller = *rawclient.Client

// text is packets of text.
func text(lines ...string) []rawclient.Packet { return rawclient.Text(lines...) }

// packets are frames for a caller.
func packets(frames []frame) (all []rawclient.Packet) {
	for _, f := range frames {
		all = append(all, rawclient.Packet{Binary: f.binary, Data: f.data})
	}
	return all
}

// conn returns the Conn of a caller.
func (h *host) conn(c caller) *Conn {
	h.Helper()
	conn := h.wire.Find(c.ID)
	if conn == nil {
		h.Fatal("the connection is gone")
	}
	return conn
}

// say sends text, which must work.
func (h *host) say(c caller, lines ...string) { h.Helper(); c.Say(lines...) }

// hear reads text, which must be as wanted. A line that ends in * is only a
// beginning.
func (h *host) hear(c caller, lines ...string) { h.Helper(); c.Hear(lines...) }

// hearEnd reads up to the end of the connection, before which nothing comes.
func (h *host) hearEnd(c caller) { h.Helper(); c.HearEnd() }

// caller makes a client that is yet to be opened.
func (h *host) caller(transport string, version int) caller {
	return &rawclient.Client{
		TB: h, URL: h.web.URL + "/socket.io/", Transport: transport, Version: version, HTTP: h.web.Client(), Mute: true,
	}
}

// polling connects by polling, with more in its query.
func (h *host) polling(version int, query string) caller {
	h.Helper()
	c := h.caller(namePolling, version)
	c.Query = query
	c.MustOpen()
	return c
}

// dial connects and reads OPEN.
func (h *host) dial(transport string, version int) caller {
	h.Helper()
	c := h.caller(transport, version)
	c.MustOpen()
	return c
}

// socket opens a websocket and reads nothing.
func (h *host) socket(version int) caller {
	h.Helper()
	c := h.caller(nameWebsocket, version)
	if err := c.Dial(); err != nil {
		h.Fatal(err)
	}
	return c
}

// call connects, enters the root, and fails if that does not work.
func (h *host) call(transport string, version int) caller {
	h.Helper()
	c := h.dial(transport, version)
	c.Enter("/")
	return c
}

func idOf(open string) string {
	var p openPacket
	_ = json.Unmarshal([]byte(open[1:]), &p)
	return p.ID
}

// eventually waits for what another goroutine is about to do.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	rawclient.Eventually(tb, what, ok)
}
