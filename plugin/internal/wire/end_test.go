package wire

import (
	"context"
	"io"
	"log/slog"
	"math"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	enginepacket "github.com/googollee/go-socket.io/engineio/packet"
	"github.com/gorilla/websocket"
)

// The client gets what a handler emits before it closes the connection, although
// go-socket.io writes that in another goroutine.
func TestEmitThenClose(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "bye", func(c socketio.Conn) { c.Emit("bye", "because"); _ = c.Close() })
		})
		for range 20 {
			c := h.call(transport, version)
			h.say(c, `42["bye"]`)
			h.hear(c, `42["bye","because"]`)
			h.hearEnd(c)
		}
		eventually(t, "all are forgotten", func() bool { return h.wire.Len() == 0 && h.server.Count() == 0 })
	})
}

// The closing handshake of a websocket: everything written, our close frame, and
// then the client's.
func TestGoodbye(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(nameWebsocket, version)
		conn := h.conn(c)
		for range 100 {
			h.server.BroadcastToNamespace("/", "news", strings.Repeat("x", 1000))
		}
		_ = conn.Close()
		h.server.BroadcastToNamespace("/", "late") // may come or not
		for n := 0; ; n++ {
			_, err := c.Read()
			if websocket.IsCloseError(err, websocket.CloseNormalClosure) && n >= 100 {
				break
			}
			if err != nil {
				t.Fatalf("after %d messages: %v", n, err)
			}
		}
		<-conn.Done()
		if conn.Reason() != ReasonServer {
			t.Errorf("it has ended for %q", conn.Reason())
		}
	})
}

// A client cannot delay the end by sending, nor by not reading.
func TestEndCannotBePutOff(t *testing.T) {
	t.Parallel()
	t.Run("pings", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, Options{}, nil)
		for _, transport := range []string{namePolling, nameWebsocket} {
			c := h.call(transport, 3)
			conn := h.conn(c)
			_ = conn.Close()
			for over := false; !over; {
				_ = c.Try("2")
				select {
				case <-conn.Done():
					over = true
				default:
				}
			}
		}
	})
	t.Run("slow reader", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, Options{PingTimeout: 200 * time.Millisecond}, narrow)
		c := h.stalled(3)
		conn := h.conn(c)
		for range 200 {
			h.server.BroadcastToNamespace("/", "much", strings.Repeat("x", 10_000))
		}
		_ = conn.Close()
		slow := time.NewTicker(50 * time.Millisecond)
		defer slow.Stop()
		for n := 0; ; n++ {
			select {
			case <-conn.Done():
				return
			case <-slow.C:
				if _, err := c.Read(); err == nil && n > 100 {
					t.Fatal("it goes on and on")
				}
			}
		}
	})
}

// A polling client gets everything written, and then the end in an answer of its
// own.
func TestPollingGoodbye(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(namePolling, version)
		conn := h.conn(c)
		h.server.BroadcastToNamespace("/", "news", 1)
		eventually(t, "it is written", func() bool { conn.mu.Lock(); defer conn.mu.Unlock(); return conn.out.queue.size > 0 })
		_ = conn.Close()
		for _, want := range []string{`42["news",1]`, "1"} {
			frames, err := c.Poll()
			if err != nil || len(frames) != 1 || string(frames[0].Data) != want {
				t.Fatalf("got %v, %v, want %s", frames, err, want)
			}
		}
		if _, err := c.Poll(); err == nil || !strings.Contains(err.Error(), "Session ID unknown") {
			t.Errorf("got %v", err)
		}
	})
}

// A handshake that ends before go-socket.io has the connection leaves nothing
// behind, in the Wire or in go-socket.io.
func TestEndBeforeTaken(t *testing.T) {
	t.Parallel()
	wire := New(Options{Logger: quiet})
	server := socketio.NewServer(wire.EngineOptions(nil))
	server.OnConnect("/", func(socketio.Conn) error { return nil })
	web := httptest.NewServer(wire.Handler(server))
	defer web.Close()
	h := &host{TB: t, wire: wire, server: server, web: web}
	for n := range 20 {
		c := h.socket(3 + n%2)
		if n%4 < 2 {
			h.say(c, "no packet")
		}
		c.HangUp()
	}
	eventually(t, "all are gone", func() bool { return wire.Len() == 0 })
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := wire.Close(soon, CloseRate); err == nil {
		t.Error("Close has returned before go-socket.io has taken its connections")
	}
	go server.Serve()
	if err := wire.Close(t.Context(), CloseRate); err != nil {
		t.Errorf("Close: %v", err)
	}
	server.Close()
	eventually(t, "go-socket.io forgets them", func() bool { return server.Count() == 0 })
}

// A connection that ends while go-socket.io writes OPEN leaves nothing behind,
// whichever comes first. Run it with -race.
func TestEndWhileOpening(t *testing.T) {
	t.Parallel()
	wire := New(Options{Logger: slog.New(slog.DiscardHandler)})
	for range 200 {
		c := newConn(&wire.shared, httptest.NewRequest("GET", "/?EIO=4&transport=websocket", nil), 4)
		wire.registry.begin(c)
		c.start(time.Now())
		w, err := c.NextWriter(0, enginepacket.OPEN)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, `{"sid":"x"}`); err != nil {
			t.Fatal(err)
		}
		var lost sync.WaitGroup
		lost.Go(func() { c.lose(ReasonClosed) })
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		lost.Wait()
		if wire.Len() > 0 {
			t.Fatal("it is still registered")
		}
		wire.registry.opened(c)
	}
}

// Idle works at any time: before, during and after an event.
func TestIdle(t *testing.T) {
	t.Parallel()
	started, held := make(chan bool), make(chan struct{})
	h := newHost(t, Options{}, func(h *host) {
		h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
	})
	c := h.call(nameWebsocket, 3)
	conn := h.conn(c)
	<-conn.Idle() // and again, when it is not
	h.say(c, `42["block"]`)
	<-started
	idle := conn.Idle()
	select {
	case <-idle:
		t.Error("idle, and it handles an event")
	default:
	}
	close(held)
	<-idle
	<-conn.Idle()
}

// Await returns when the connection ends, and Done closes.
func TestAwaitEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 1)
	var all sync.WaitGroup
	h := newHost(t, Options{}, func(h *host) {
		h.wire.Gate("/")
		h.server.OnEvent("/", OpenEvent, func(c socketio.Conn) {
			all.Add(1)
			defer all.Done()
			conn := h.wire.Find(c.ID())
			asked <- true
			conn.Await("/")
		})
	})
	c := h.dial(nameWebsocket, 3)
	<-asked
	conn := h.conn(c)
	c.HangUp()
	all.Wait()
	<-conn.Done()
	<-conn.Idle()
}

// An event that cannot be encoded is not sent: half a packet would end every
// client's connection. OnError gets the error.
func TestUnencodable(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, func(h *host) {
			for _, namespace := range []string{"/", "/chat"} {
				h.server.OnEvent(namespace, "bad", func(c socketio.Conn) float64 { c.Emit("bad", math.NaN()); return math.Inf(1) })
			}
		})
		c := h.call(transport, version)
		h.say(c, "40/chat,")
		h.hear(c, "40/chat*")
		h.say(c, `421["bad"]`, `42/chat,2["bad"]`, `42["bad"]`, `423["echo","fine"]`)
		h.hear(c, `433["fine"]`)
	})
}

// go-socket.io handles what a client has sent before it went, but nothing after
// Close: it would never leave a namespace that it enters then.
func TestCloseBehindTheClient(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		d := &diary{}
		handling, gone := make(chan bool), make(chan bool)
		h := newHost(t, Options{}, func(h *host) {
			d.watch(h, "/")
			d.watch(h, "/chat")
			h.server.OnEvent("/", "close", func(c socketio.Conn) {
				handling <- true
				<-gone
				_ = c.Close()
				d.add("closed")
			})
		})
		c := h.call(transport, version)
		conn := h.conn(c)
		h.say(c, `42["close"]`, "40/chat", "40/other")
		<-handling
		conn.lose(ReasonClosed)
		close(gone)
		eventually(t, "all is over", func() bool { return strings.HasSuffix(d.String(), "closed") && h.server.Count() == 0 })
		if got := d.String(); got != "+/ -/ closed" {
			t.Errorf("handlers: %s", got)
		}
	})
}
