package wire

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
)

// greeted returns a host whose OnConnect of the root greets clients in a
// goroutine, and a channel that signals when it has.
func greeted(t *testing.T, greet func(socketio.Conn)) (*host, <-chan bool) {
	t.Helper()
	greets := make(chan bool, 1)
	h := newHost(t, Options{}, func(h *host) {
		h.server.OnConnect("/", func(c socketio.Conn) error {
			go func() { // ends when it has greeted
				greet(c)
				greets <- true
			}()
			return nil
		})
	})
	return h, greets
}

// A client gets what OnConnect of the root emits before the client asks for the
// root after CONNECT, in order, over both transports.
func TestEarlyGreeting(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h, greets := greeted(t, func(c socketio.Conn) {
			c.Emit("hello", "a")
			c.Emit("blob", &parser.Buffer{Data: []byte{1, 2}})
			c.Emit("hello", "b")
		})
		c := h.dial(transport, version)
		<-greets
		if version == 4 {
			h.say(c, "40")
		}
		h.say(c, `421["echo","later"]`)
		h.hear(c, connected("/", version), `42["hello","a"]`, `451-["blob",{"_placeholder":true,"num":0}]`, "b:\x01\x02", `42["hello","b"]`, `431["later"]`)
	})
}

// The backlog also waits for a client that enters another namespace first. Its
// size and time are bounded. The client stays in any case.
func TestEarlyIsBounded(t *testing.T) {
	t.Parallel()
	h, greets := greeted(t, func(c socketio.Conn) {
		for n := range 100 {
			c.Emit("n", n, strings.Repeat("x", maxRootBacklog/50))
		}
	})
	c := h.dial(nameWebsocket, 4)
	<-greets
	h.say(c, "40/chat,", `42/chat,1["echo","in"]`)
	h.hear(c, connected("/chat", 4), `43/chat,1["in"]`)
	conn := h.conn(c)
	conn.mu.Lock()
	size, held := conn.namespaces.rootBacklog.size, len(conn.namespaces.rootBacklog.parcels)
	conn.mu.Unlock()
	if size > maxRootBacklog || held < 40 {
		t.Fatalf("%d packets wait, of %d bytes", held, size)
	}
	h.say(c, "40")
	h.hear(c, connected("/", 4))
	for n := range held {
		h.hear(c, fmt.Sprintf(`42["n",%d,"x*`, n))
	}

	late := h.dial(nameWebsocket, 4)
	<-greets
	h.say(late, "40/chat,", `42/chat,1["echo","in"]`)
	h.hear(late, connected("/chat", 4), `43/chat,1["in"]`) // behind the greeting, so that is written
	conn = h.conn(late)
	conn.outside(time.Now().Add(connectTimeout + time.Second))
	if conn.mu.Lock(); conn.namespaces.rootBacklog != nil {
		t.Error("it waits for ever")
	}
	conn.mu.Unlock()
	h.say(late, "40", `421["echo","in"]`)
	h.hear(late, connected("/", 4), `431["in"]`)
}

// The backlog of a gated root waits for Admit. A refused client does not get it.
func TestEarlyAndGated(t *testing.T) {
	t.Parallel()
	for _, admit := range []bool{true, false} {
		t.Run(fmt.Sprint(admit), func(t *testing.T) {
			t.Parallel()
			asked := make(chan *Conn, 1)
			h := newHost(t, Options{}, func(h *host) {
				h.wire.Gate("/")
				h.server.OnEvent("/", OpenEvent, func(c socketio.Conn) { asked <- h.wire.Find(c.ID()) })
			})
			c := h.dial(nameWebsocket, 4)
			conn := h.conn(c)
			eventually(t, "it is in the room of all", func() bool { return h.server.RoomLen("/", conn.ID()) == 1 })
			h.server.BroadcastToRoom("/", conn.ID(), "secret")
			eventually(t, "it waits", func() bool {
				conn.mu.Lock()
				defer conn.mu.Unlock()
				return len(conn.namespaces.rootBacklog.parcels) == 1
			})
			h.say(c, "40")
			<-asked
			if admit {
				conn.Admit("/")
				h.hear(c, connected("/", 4), `42["secret"]`)
				return
			}
			conn.Refuse("/", "no", nil, false)
			h.hear(c, `44{"message":"no"}`, "41")
		})
	}
}

// An Emit in OnConnect of the root, on the server itself, waits until OnConnect
// returns, so it never does. The watchdog ends the connection, and the log names
// the remedy. A handler that returns in time is left alone.
func TestEmitInRootHandler(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		var log logBook
		returned := make(chan bool, 1)
		var stuck atomic.Bool
		stuck.Store(true)
		h := newHost(t, Options{PingTimeout: 300 * time.Millisecond, Logger: log.logger()}, func(h *host) {
			h.server.OnConnect("/", func(c socketio.Conn) error {
				if stuck.Load() {
					c.Emit("hello")
				}
				returned <- true
				return nil
			})
		})
		c := h.dial(transport, version)
		<-returned
		for err := error(nil); err == nil; {
			_, err = c.Read()
		}
		eventually(t, "it is forgotten", func() bool { return h.wire.Len() == 0 && h.server.Count() == 0 })
		if !strings.Contains(log.String(), "emit in a goroutine") {
			t.Errorf("the log says %s", &log)
		}
		stuck.Store(false)
		fine := h.call(transport, version)
		<-returned
		conn := h.conn(fine)
		h.say(fine, `421["echo","in"]`)
		h.hear(fine, `431["in"]`)
		if conn.mu.Lock(); conn.watchdog.timer != nil {
			t.Error("its handler is thought to run")
		}
		conn.mu.Unlock()
	})
}
