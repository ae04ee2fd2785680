package wire

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"
)

// narrow makes the network buffers small, so that much soon waits for a client
// that does not read.
func narrow(h *host) {
	h.web.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if err := c.(*net.TCPConn).SetWriteBuffer(4096); err != nil {
			h.Error(err)
		}
		return ctx
	}
}

// stalled returns a client that enters and then stops reading.
func (h *host) stalled(version int) caller {
	h.Helper()
	dialer := &websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(4096)
		}
		return c, err
	}}
	c := h.caller(nameWebsocket, version)
	c.Dialer = dialer
	c.MustOpen()
	c.Enter("/")
	return c
}

// Invariant 10: a stalled client is dropped, and blocks no broadcast. The 99
// others get everything meanwhile, at once and in order.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxMessageBytes: 50_000, MaxQueueBytes: 200_000, Logger: quiet}, narrow)
	stalls := h.conn(h.stalled(3))
	const others, rounds = 99, 20
	var all sync.WaitGroup
	for n := range others {
		c := h.call([]string{namePolling, nameWebsocket}[n%2], 3+n/2%2)
		all.Go(func() {
			for round := range rounds {
				want := fmt.Sprintf(`42["all",%d]`, round)
				if got, err := c.Read(); err != nil || got != want {
					t.Errorf("client %d got %q, %v, want %q", n, got, err, want)
					return
				}
			}
		})
	}
	waits := func() bool { stalls.mu.Lock(); defer stalls.mu.Unlock(); return stalls.out.queue.size > 50_000 }
	for !waits() {
		h.server.BroadcastToRoom("/", stalls.ID(), "much", strings.Repeat("x", 10_000))
	}
	start := time.Now()
	for round := range rounds {
		if round%2 == 0 {
			h.server.BroadcastToNamespace("/", "all", round)
			continue
		}
		for _, room := range h.server.Rooms("/") { // each client is in one of its own
			h.server.BroadcastToRoom("/", room, "all", round)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the broadcasts took %v", took)
	}
	all.Wait()
	if reason := stalls.Reason(); reason != "" {
		t.Errorf("the stalled client had gone before: %s", reason)
	}
	for stalls.Reason() == "" {
		h.server.BroadcastToRoom("/", stalls.ID(), "much", strings.Repeat("x", 10_000))
	}
	<-stalls.Done()
	if reason := stalls.Reason(); reason != ReasonSlow {
		t.Errorf("the stalled client has gone for %q", reason)
	}
	eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == others })
}

// A stalled client is dropped within PingTimeout, however little waits for it.
func TestStalledWrite(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{PingTimeout: 50 * time.Millisecond}, narrow)
		stalls := h.conn(h.stalled(version))
		for stalls.Reason() == "" {
			stalls.mu.Lock()
			much := stalls.out.queue.size > 100_000
			stalls.mu.Unlock()
			if !much {
				h.server.BroadcastToRoom("/", stalls.ID(), "much", strings.Repeat("x", 10_000))
			}
		}
		<-stalls.Done()
		if reason := stalls.Reason(); reason != ReasonError && reason != ReasonTimeout {
			t.Errorf("it has gone for %q", reason)
		}
	})
}

// A polling client that never polls is dropped when too much waits for it.
func TestNeverPolls(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 100_000, Logger: quiet}, nil)
		conn := h.conn(h.call(namePolling, version))
		sent := 0
		for ; conn.Reason() == ""; sent++ {
			h.server.BroadcastToNamespace("/", "much", strings.Repeat("x", 1000))
		}
		<-conn.Done()
		if sent < 80 || sent > 200 || conn.Reason() != ReasonSlow {
			t.Errorf("dropped after %d messages for %q", sent, conn.Reason())
		}
	})
}

// Each frame counts with its overhead, not only its bytes. A pong has only one or
// two.
func TestOutboxCountsSmallFrames(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 100_000, Logger: quiet}, nil)
	c := h.call(namePolling, 3)
	conn := h.conn(c)
	err := c.Try(strings.Split(strings.TrimSuffix(strings.Repeat("2 ", 100_000/footprint), " "), " ")...)
	<-conn.Done()
	if reason := conn.Reason(); reason != ReasonSlow {
		t.Errorf("it has gone for %q: %v", reason, err)
	}
}

// What is emitted before CONNECT waits for it, up to the same bound.
func TestHeldBound(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		asked := make(chan socketio.Conn, 1)
		h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 100_000, Logger: quiet}, func(h *host) {
			h.wire.Gate("/")
			h.server.OnEvent("/", OpenEvent, func(c socketio.Conn) { asked <- c })
		})
		c := h.dial(transport, version)
		h.say(c, map[int]string{3: "2", 4: "40"}[version])
		conn := h.conn(c)
		for in := <-asked; conn.Reason() == ""; {
			in.Emit("much", strings.Repeat("x", 1000))
		}
		<-conn.Done()
		if reason := conn.Reason(); reason != ReasonSlow {
			t.Errorf("it has gone for %q", reason)
		}
	})
}
