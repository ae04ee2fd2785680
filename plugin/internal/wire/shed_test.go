package wire

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// A client that has taken everything is no laggard, however long ago that was, also when
// something has just been put off for it, after an upgrade too.
func TestPutOffIsNoLag(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		upgraded := h.call(namePolling, version)
		upgraded.Upgrade(nil)
		for _, c := range []caller{h.call(nameWebsocket, version), upgraded} {
			conn := h.conn(c)
			h.say(c, `421["echo","on"]`)
			h.hear(c, `431["on"]`)
			conn.mu.Lock()
			if !conn.out.since.IsZero() {
				t.Error("it lags since it has connected")
			}
			conn.mu.Unlock()
			conn.heartbeat.heard.Store(0)
			cast := CastOf("/", []byte(`["x"]`), nil)
			for range 100 {
				conn.Cast(cast, new(atomic.Bool))
				if _, ok := conn.lag(time.Now()); ok {
					t.Fatal("a laggard")
				}
			}
			conn.heartbeat.hear()
			for range 100 {
				h.hear(c, `42["x"]`)
			}
		}
	})
}

// A stalled client stays a laggard when its stream has caught up for a moment.
func TestCaughtUpAndStalled(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxMessageBytes: 10_000}, narrow)
	conn := h.conn(h.stalled(3))
	for range 100 {
		h.server.BroadcastToRoom("/", conn.ID(), "much", strings.Repeat("x", 10_000))
	}
	lags := func() bool { _, ok := conn.lag(time.Now()); return ok }
	eventually(t, "it lags", lags)
	conn.mu.Lock()
	stream := conn.out.stream
	conn.mu.Unlock()
	conn.resume(stream)
	eventually(t, "it lags still", lags)
}

// When the kernel does not take what was gathered, nothing of it waits any more.
func TestUncorkFails(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{Logger: quiet}, nil)
	c := h.call(nameWebsocket, 4)
	conn := h.conn(c)
	conn.mu.Lock()
	stream := conn.out.stream
	if err := c.WS.NetConn().(*net.TCPConn).SetLinger(0); err != nil {
		t.Error(err)
	}
	c.WS.Close()
	eventually(t, "the connection is broken", func() bool {
		stream.cork()
		_, err := stream.Write([]byte("text"))
		return err != nil || stream.uncork() != nil
	})
	conn.mu.Unlock()
	<-conn.Done()
	eventually(t, "nothing waits", func() bool { return h.waits() == 0 })
}

// What waits for a handler is no lag of its client. When the client has gone, it is the
// first to be dropped.
func TestShedLeftovers(t *testing.T) {
	t.Parallel()
	entered, stay := make(chan bool, 1), make(chan bool)
	h := newHost(t, Options{MaxMessageBytes: 100_000, MaxQueueBytes: 1 << 20, MaxWaitingBytes: 1 << 20, Logger: quiet}, func(h *host) {
		h.server.OnEvent("/", "slow", func(socketio.Conn) { entered <- true; <-stay })
	})
	defer close(stay)
	leaver, other := h.call(nameWebsocket, 4), h.call(namePolling, 4)
	conn := h.conn(leaver)
	h.say(leaver, `42["slow"]`)
	<-entered
	for range 9 {
		h.say(leaver, `42["echo","`+strings.Repeat("x", 90_000)+`"]`)
	}
	eventually(t, "it waits, and its client is no laggard", func() bool {
		_, ok := conn.lag(time.Now().Add(time.Hour))
		return h.waits() > 810_000 && !ok
	})
	leaver.HangUp()
	<-conn.Done()
	for range 4 {
		h.server.BroadcastToRoom("/", other.ID, "much", strings.Repeat("x", 90_000))
	}
	eventually(t, "it is dropped", func() bool { return h.waits() < 600_000 })
	for range 4 {
		h.hear(other, `42["much",*`)
	}
}
