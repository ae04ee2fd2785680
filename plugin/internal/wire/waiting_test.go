package wire

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// waits returns how much waits for all clients of a host.
func (h *host) waits() int { return int(h.wire.waiting.bytes.Load()) }

// One message of up to a quarter of MaxWaitingBytes may wait for a client, however small
// MaxQueueBytes is, before and behind others; a larger one, or a second, may not.
func TestLargeMessage(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 10_000, MaxWaitingBytes: 20 << 20, Logger: quiet}, nil)
		c := h.call(transport, version)
		emit := func(size int) { h.server.BroadcastToRoom("/", c.ID, "large", strings.Repeat("x", size)) }
		for n := range 2 {
			h.server.BroadcastToRoom("/", c.ID, "small", n)
			emit(5<<20 - 1000)
			h.server.BroadcastToRoom("/", c.ID, "small", n)
			h.hear(c, fmt.Sprintf(`42["small",%d]`, n))
			if p, err := c.Next(); err != nil || len(p.Data) < 5<<20-1000 {
				t.Fatalf("got %d bytes, %v", len(p.Data), err)
			}
			h.hear(c, fmt.Sprintf(`42["small",%d]`, n))
			eventually(t, "nothing waits", func() bool { return h.waits() == 0 })
		}
		conn := h.conn(c)
		emit(5<<20 + 1000)
		<-conn.Done()
		if reason := conn.Reason(); reason != ReasonSlow {
			t.Errorf("it has gone for %q", reason)
		}
	})
}

// What many clients are sent at once counts once.
func TestCastCountsOnce(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	const clients, size = 20, 100_000
	cast, err := NewCast("/", "all", []any{strings.Repeat("x", size)})
	if err != nil {
		t.Fatal(err)
	}
	var all []caller
	for n := range clients {
		c := h.call(namePolling, 3+n%2)
		all = append(all, c)
		h.conn(c).Cast(cast, new(atomic.Bool))
	}
	if got := h.waits(); got < size || got > size+clients*100 {
		t.Errorf("%d bytes wait for %d clients", got, clients)
	}
	for _, c := range all[1:] {
		h.hear(c, `42["all",*`)
	}
	if got := h.waits(); got < size {
		t.Errorf("%d bytes wait for the last", got)
	}
	h.hear(all[0], `42["all",*`)
	eventually(t, "nothing waits", func() bool { return h.waits() == 0 })
}

// When too much waits for all clients, those go first that have never polled, then those
// that have taken nothing for longest. Those that take what they are sent stay.
func TestShed(t *testing.T) {
	t.Parallel()
	var book logBook
	h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 1 << 20, MaxWaitingBytes: 3 << 20, Logger: book.logger()}, narrow)
	reasons := func(conns []*Conn) (gone int) {
		for _, c := range conns {
			if reason := c.Reason(); reason == ReasonSlow {
				gone++
			} else if reason != "" {
				t.Errorf("it has gone for %q", reason)
			}
		}
		return gone
	}
	var silent, stalled []*Conn
	takers := []caller{h.call(nameWebsocket, 4), h.call(namePolling, 3)}
	for range 3 {
		stalled = append(stalled, h.conn(h.stalled(3)))
	}
	for range 3 {
		c := h.dial(namePolling, 4)
		h.say(c, "40")
		silent = append(silent, h.conn(c))
	}
	emit := func(conns []*Conn, times int) {
		for range times {
			for _, c := range conns {
				h.server.BroadcastToRoom("/", c.ID(), "much", strings.Repeat("x", 10_000))
			}
		}
	}
	lag := func(conns []*Conn) (n int) {
		for _, c := range conns {
			if _, ok := c.lag(time.Now()); ok {
				n++
			}
		}
		return n
	}
	emit(silent, 60) // 1.8 MB
	eventually(t, "they have waited long enough", func() bool { return lag(silent) == len(silent) })
	emit(stalled, 80) // 2.4 MB more
	eventually(t, "one that has never polled goes", func() bool { return reasons(silent) > 0 && h.waits() <= 3<<20 })
	if n := reasons(stalled); n > 0 {
		t.Errorf("%d that had polled went first", n)
	}
	eventually(t, "the others have waited long enough", func() bool { return lag(stalled) == len(stalled) })
	emit(stalled[1:], 20)
	for n := range 20 {
		for _, c := range takers {
			h.server.BroadcastToRoom("/", c.ID, "much", strings.Repeat("x", 10_000), n)
			h.hear(c, `42["much",*`)
		}
	}
	emit(stalled[:1], 80)
	eventually(t, "no more waits than may", func() bool { return h.waits() <= 3<<20 })
	eventually(t, "it is said", func() bool { return strings.Contains(book.String(), "too much waited for all") })
	for _, c := range takers {
		h.say(c, `421["echo","on"]`)
		h.hear(c, `431["on"]`)
	}
}

// What clients send in part counts: attachments that are missing, and bodies that do not
// end. Those that hold back the rest are dropped.
func TestShedHolders(t *testing.T) {
	t.Parallel()
	const size = 90_000
	h := newHost(t, Options{MaxMessageBytes: 100_000, MaxQueueBytes: 1 << 20, MaxWaitingBytes: 2 << 20, Logger: quiet}, nil)
	healthy := h.call(nameWebsocket, 4)
	var holders []*Conn
	var places strings.Builder
	for n := range 9 {
		fmt.Fprintf(&places, `,{"_placeholder":true,"num":%d}`, n)
	}
	for n := range 6 {
		c := h.call(nameWebsocket, 3+n%2)
		holders = append(holders, h.conn(c))
		h.say(c, `459-["buf"`+places.String()+`]`)
		for range 8 {
			if err := c.Send(rawclient.Packet{Binary: true, Data: make([]byte, size)}); err != nil {
				break // it was dropped
			}
		}
	}
	gone := func() (n int) {
		for _, c := range holders {
			if c.Reason() == ReasonSlow {
				n++
			}
		}
		return n
	}
	eventually(t, "some holders go", func() bool { return gone() > 0 && h.waits() <= 2<<20 })
	h.say(healthy, `421["echo","on"]`)
	h.hear(healthy, `431["on"]`)
}

// AwaitRoom waits for a client that is behind, until that has caught up, is gone, or the
// time is over.
func TestAwaitRoom(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxMessageBytes: 10_000, MaxQueueBytes: 1 << 20, Logger: quiet}, narrow)
	c := h.call(namePolling, 4)
	conn := h.conn(c)
	if waited, _ := conn.AwaitRoom(patience); waited != 0 {
		t.Errorf("waited %v for nothing", waited)
	}
	fill := func() {
		for range 80 {
			h.server.BroadcastToRoom("/", c.ID, "much", strings.Repeat("x", 10_000))
		}
		eventually(t, "much waits", func() bool { return h.waits() > 790_000 })
	}
	fill()
	if waited, taken := conn.AwaitRoom(time.Millisecond); waited < time.Millisecond || taken != 0 {
		t.Errorf("waited %v, %v was taken", waited, taken)
	}
	done := make(chan time.Duration)
	var taken float64
	await := func() {
		var waited time.Duration
		waited, taken = conn.AwaitRoom(patience)
		done <- waited
	}
	go await()
	for range 80 {
		h.hear(c, `42["much",*`)
	}
	if waited := <-done; waited > patience/2 || waited > 0 && taken < 0.2 {
		t.Errorf("waited %v, %v was taken", waited, taken)
	}
	fill()
	go await()
	conn.lose(ReasonClosed)
	if waited := <-done; waited > patience/2 {
		t.Errorf("waited %v for one that is gone", waited)
	}
	if waited, _ := conn.AwaitRoom(patience); waited != 0 {
		t.Errorf("waited %v for one that was gone", waited)
	}
}

// A Cast comes where the client has asked for the namespace, behind what was emitted, with
// its attachments, and once.
func TestCast(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		conns := make(chan socketio.Conn, 1)
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnConnect("/", func(c socketio.Conn) error { conns <- c; return nil })
		})
		c := h.call(transport, version)
		raw, conn := <-conns, h.conn(c)
		elsewhere, root := CastOf("/chat", []byte(`["x"]`), nil), CastOf("/", []byte(`["y",{"_placeholder":true,"num":0}]`), [][]byte{[]byte("z")})
		var emitted atomic.Bool
		for n := range 100 {
			conn.Cast(elsewhere, new(atomic.Bool))
			raw.Emit("before", n)
			emitted.Store(true)
			if !conn.Cast(root, &emitted) {
				t.Fatal("no mark is needed")
			}
			conn.Mark(raw.Emit)
			raw.Emit("after", n)
		}
		for n := range 100 {
			h.hear(c, fmt.Sprintf(`42["before",%d]`, n), `451-["y",{"_placeholder":true,"num":0}]`)
			if p, err := c.Receive(); err != nil || !p.Binary || string(p.Data) != "z" {
				t.Fatalf("got %v, %v", p, err)
			}
			h.hear(c, fmt.Sprintf(`42["after",%d]`, n))
		}
	})
}
