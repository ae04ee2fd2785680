package wire

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/googollee/go-socket.io/engineio/session"
	enginetransport "github.com/googollee/go-socket.io/engineio/transport"
	"github.com/googollee/go-socket.io/parser"
)

// Clients that keep breaking the rules do not fill the log. Each reason is
// logged.
func TestLogIsNotFlooded(t *testing.T) {
	t.Parallel()
	var log logBook
	h := newHost(t, Options{Logger: log.logger()}, nil)
	const flood, few = 50, 5
	for range flood {
		c := h.call(nameWebsocket, 4)
		h.say(c, `42["echo"`)
		h.hearEnd(c)
	}
	c := h.call(nameWebsocket, 4)
	h.say(c, "9")
	h.hearEnd(c)
	eventually(t, "the last is told", func() bool { return strings.Contains(log.String(), string(errFrameType)) })
	if n := strings.Count(log.String(), "connection ended"); n != few+1 {
		t.Errorf("%d lines: %s", n, &log)
	}
}

// A client that has gone before go-socket.io writes OPEN is no error, which
// go-socket.io would log. It is served to the end and leaves nothing. It is not
// registered, since nothing would remove it.
func TestGoneBeforeOpen(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := newConn(&h.wire.shared, httptest.NewRequest(http.MethodGet, h.url(namePolling, version), nil), version)
		if !h.wire.registry.begin(c) {
			t.Fatal("the Wire is closing")
		}
		c.start(time.Now())
		c.lose(ReasonClosed)
		ses, err := session.New(c, "id", namePolling, enginetransport.ConnParameters{})
		if err != nil {
			t.Fatal(err)
		}
		if err := ses.InitSession(); err != nil {
			t.Errorf("OPEN: %v", err)
		}
		if err := parser.NewEncoder(ses).Encode(parser.Header{Type: parser.Connect}); err != nil {
			t.Errorf("CONNECT: %v", err)
		}
		if _, _, err := ses.NextReader(); !errors.Is(err, io.EOF) {
			t.Errorf("the end: %v", err)
		}
		r := &h.wire.registry
		r.mu.RLock()
		defer r.mu.RUnlock()
		if len(r.opening) > 0 || len(r.conns) > 0 || ses.ID() != c.ID() {
			t.Errorf("%d are opening, %d are there", len(r.opening), len(r.conns))
		}
	})
}

// A failed websocket handshake gets one answer: net/http would log a second.
func TestFailedUpgradeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	var book logBook
	h := newHost(t, Options{}, func(h *host) { h.web.Config.ErrorLog = log.New(&book, "", 0) })
	old := upgrading(nameWebsocket)
	old.Set("Sec-Websocket-Version", "8")
	noKey := upgrading(nameWebsocket)
	noKey.Del("Sec-Websocket-Key")
	for _, header := range []http.Header{old, noKey} {
		if status, _, _ := h.request(http.MethodGet, h.url(nameWebsocket, 4), header); status != http.StatusBadRequest {
			t.Errorf("got %d", status)
		}
	}
	// This client does not wait for the answer.
	conn, err := net.Dial("tcp", h.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url(nameWebsocket, 4), nil)
	r.Header = upgrading(nameWebsocket)
	var hasty bytes.Buffer
	if err := r.Write(&hasty); err != nil {
		t.Fatal(err)
	}
	hasty.WriteString("too early")
	_, _ = conn.Write(hasty.Bytes())
	_, _ = io.Copy(io.Discard, conn)
	h.web.CloseClientConnections()
	h.call(namePolling, 4)
	if got := book.String(); got != "" {
		t.Errorf("the log says %s", got)
	}
}
