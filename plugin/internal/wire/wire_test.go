package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// Close during 200 handshakes over both transports, with socketio.Server.Close
// right after it, does not end the process, and leaves nobody waiting.
func TestCloseDuringHandshakes(t *testing.T) {
	t.Parallel()
	for range 3 {
		const clients = 200
		entered := make(chan bool, clients)
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnConnect("/", func(socketio.Conn) error { entered <- true; return nil })
		})
		var all sync.WaitGroup
		for n := range clients {
			all.Go(func() {
				if err := h.visit([]string{namePolling, nameWebsocket}[n%2], 3+n/2%2); err != nil {
					t.Errorf("client %d: %v", n, err)
				}
			})
		}
		<-entered
		if err := h.wire.Close(t.Context(), CloseRate); err != nil {
			t.Errorf("Close: %v", err)
		}
		h.server.Close()
		all.Wait()
		eventually(t, "all are forgotten", func() bool { return h.wire.Len() == 0 && h.server.Count() == 0 })
		for _, transport := range []string{namePolling, nameWebsocket} {
			if status, _, _ := h.request(http.MethodGet, h.url(transport, 4), upgrading(transport)); status != http.StatusServiceUnavailable {
				t.Errorf("%s got %d after Close", transport, status)
			}
		}
	}
}

// visit connects, and reads until the connection ends. Its error means a bug.
func (h *host) visit(transport string, version int) error {
	c := h.caller(transport, version)
	err := c.Open()
	for err == nil {
		_, err = c.Read()
	}
	var refused *rawclient.StatusError
	switch {
	case errors.As(err, &refused) && refused.Status >= http.StatusInternalServerError: // it was turned away
		return nil
	case transport == nameWebsocket && websocket.IsCloseError(err, websocket.CloseNormalClosure):
		return nil
	case transport == namePolling && strings.Contains(err.Error(), "EOF"):
		return nil
	}
	return err
}

// Close returns ctx's error when it must give up, and may be called again, and by
// many.
func TestClose(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	conn := h.conn(h.call(namePolling, 3)) // which does not fetch its last packets
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.wire.Close(canceled, CloseRate); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if err := h.wire.Close(t.Context(), CloseRate); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	<-conn.Done()
	if conn.Reason() != ReasonShutdown {
		t.Errorf("it has ended for %q", conn.Reason())
	}
	if err := New(Options{}).Close(t.Context(), CloseRate); err != nil {
		t.Errorf("a Wire that nobody has used: %v", err)
	}
}

// Every client learns that the server goes away, in the way of its transport.
func TestCloseTellsClients(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, nil)
		var callers []caller
		for range 10 {
			callers = append(callers, h.call(transport, version))
		}
		closed := make(chan error, 1)
		go func() { closed <- h.wire.Close(t.Context(), CloseRate) }()
		for _, c := range callers {
			h.hearEnd(c)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// Find returns connections by their id until they end.
func TestFind(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	var callers []caller
	for n := range 4 {
		callers = append(callers, h.call([]string{namePolling, nameWebsocket}[n%2], 3+n/2))
	}
	if h.wire.Len() != 4 || h.wire.Find("") != nil || h.wire.Find("nosuch") != nil {
		t.Errorf("%d connections", h.wire.Len())
	}
	for n, c := range callers {
		conn := h.conn(c)
		if conn.ID() != c.ID || conn.version != 3+n/2 || conn.Reason() != "" {
			t.Errorf("%+v", conn)
		}
		local, remote := conn.LocalAddr(), conn.RemoteAddr()
		if url := conn.URL(); url.Query().Get("EIO") != fmt.Sprint(3+n/2) || "http://"+local.String() != h.web.URL || remote.Network() != "tcp" || !strings.HasPrefix(remote.String(), "127.0.0.1:") {
			t.Errorf("%v, from %v to %v", &url, remote, local)
		}
		conn.lose(ReasonClosed)
		if h.wire.Find(c.ID) != nil {
			t.Error("found when it is gone")
		}
	}
}
