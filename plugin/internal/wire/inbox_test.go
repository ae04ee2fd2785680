package wire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// Messages that come faster than they are handled wait, up to a bound. Then the
// client has to wait. In the end everything is handled, in order.
func TestInboxHoldsBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		size int // of a message
		many int // how many are sent
		hold int // how many may wait
		post int // how many are sent at a time
	}{
		{"short messages", 10, 3 * maxQueueLength, maxQueueLength, 100},
		{"long messages", 10_000, 100, 10, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, transport string, version int) {
				started, held := make(chan bool), make(chan struct{})
				var handled []int
				h := newHost(t, Options{MaxMessageBytes: 20_000, MaxQueueBytes: 100_000}, func(h *host) {
					h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
					h.server.OnEvent("/", "take", func(_ socketio.Conn, n int, _ string) { handled = append(handled, n) })
					h.server.OnEvent("/", "last", func(socketio.Conn) int { return len(handled) })
				})
				c := h.call(transport, version)
				conn := h.conn(c)
				h.say(c, `42["block"]`)
				<-started
				done := make(chan error, 1)
				go func() {
					var all []rawclient.Packet
					for n := range row.many {
						all = append(all, text(fmt.Sprintf(`42["take",%d,"%s"]`, n, strings.Repeat("x", row.size)))...)
					}
					for some := range slices.Chunk(append(all, text(`421["last"]`)...), row.post) {
						if err := c.Send(some...); err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
				eventually(t, "the client waits", conn.full)
				conn.mu.Lock()
				n, size := conn.in.messages.len(), conn.in.size
				conn.mu.Unlock()
				if n > row.hold || n < row.hold-1 || size > 100_000 {
					t.Errorf("%d messages of %d bytes wait", n, size)
				}
				close(held)
				h.hear(c, fmt.Sprintf("431[%d]", row.many))
				if err := <-done; err != nil {
					t.Error(err)
				}
				for n, got := range handled {
					if n != got {
						t.Fatalf("message %d was handled as number %d", got, n)
					}
				}
			})
		})
	}
}

// A connection with a full inbox ends like any other. Nothing keeps waiting.
func TestInboxEndsWhileFull(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		started, held := make(chan bool), make(chan struct{})
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
		})
		c := h.call(transport, version)
		conn := h.conn(c)
		h.say(c, `42["block"]`)
		<-started
		done := make(chan error, 1)
		go func() {
			var err error
			some := slices.Repeat(text(`42["echo","a"]`), 100)
			for err == nil {
				err = c.Send(some...)
			}
			done <- err
		}()
		eventually(t, "the client waits", conn.full)
		_ = conn.Close()
		if err := <-done; err == nil {
			t.Error("it ended well")
		}
		close(held)
		<-conn.Done()
		eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == 0 })
	})
}

// A queue that was long releases its memory.
func TestQueue(t *testing.T) {
	t.Parallel()
	var q queue[int]
	next, want := 0, 0
	for round := range 50 {
		for range round * round {
			q.push(next)
			next++
		}
		for range round * round / 2 {
			got, ok := q.pop()
			if !ok || got != want {
				t.Fatalf("got %d, %t, want %d", got, ok, want)
			}
			want++
		}
		if q.len() != next-want {
			t.Fatalf("%d in it, want %d", q.len(), next-want)
		}
	}
	for q.len() > 0 {
		if got, _ := q.pop(); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
		want++
	}
	if _, ok := q.pop(); ok || want != next || cap(q.items) > 64 {
		t.Errorf("at the end: %t, %d of %d, room for %d", ok, want, next, cap(q.items))
	}
}
