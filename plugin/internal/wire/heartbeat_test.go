package wire

import (
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
)

// The times of a version 3 client, which sends the pings.
func TestHeartbeatClock3(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	beat := &h.conn(h.call(nameWebsocket, 3)).heartbeat
	heard := time.Now()
	beat.heard.Store(heard.UnixNano())
	for after, want := range map[time.Duration]time.Duration{
		0: 45 * time.Second, 25 * time.Second: 20 * time.Second, 44 * time.Second: time.Second, 45 * time.Second: 0, time.Minute: -15 * time.Second,
	} {
		if got := beat.silence(heard.Add(after)); got != want {
			t.Errorf("after %v: %v, want %v", after, got, want)
		}
	}
}

// The times of a version 4 client, which gets the pings.
func TestHeartbeatClock4(t *testing.T) {
	t.Parallel()
	clock := newClock(t, Options{})
	clock.at(10*time.Second, 9*time.Second, 15*time.Second)
	clock.at(25*time.Second, -1, 20*time.Second) // the first ping goes out
	clock.pinged()
	clock.at(26*time.Second, -1, 19*time.Second)
	clock.at(30*time.Second, 29*time.Second, 20*time.Second) // was answered
	clock.at(50*time.Second, -1, 20*time.Second)             // the second
	clock.at(69*time.Second, -1, time.Second)
	clock.at(70*time.Second, -1, 0)
	clock.at(75*time.Second, -1, -5*time.Second)
}

// An answer may take longer than the interval. The next ping then follows soon.
func TestHeartbeatClock4Slow(t *testing.T) {
	t.Parallel()
	clock := newClock(t, Options{PingInterval: 10 * time.Second, PingTimeout: time.Minute})
	clock.at(10*time.Second, -1, 10*time.Second)
	clock.pinged()
	clock.at(20*time.Second, -1, 10*time.Second)
	clock.at(30*time.Second, 25*time.Second, 10*time.Second) // was answered
	clock.pinged()
	clock.at(85*time.Second, -1, 5*time.Second)
	clock.at(90*time.Second, -1, 0)
}

// A clock is the heartbeat of a version 4 client with made-up times.
type clock struct {
	*host
	client caller
	beat   *heartbeat
	start  time.Time
}

func newClock(t *testing.T, o Options) clock {
	t.Helper()
	h := newHost(t, o, nil)
	client := h.call(nameWebsocket, 4)
	beat := &h.conn(client).heartbeat
	return clock{h, client, beat, time.Unix(0, beat.pinged)}
}

// at fails unless the heartbeat waits for want, at a time after the start. heard
// is the time after the start at which the client was heard last, or negative if
// not since.
func (c clock) at(after, heard, want time.Duration) {
	c.Helper()
	if heard >= 0 {
		c.beat.heard.Store(c.start.Add(heard).UnixNano())
	}
	if got := c.beat.silence(c.start.Add(after)); got != want {
		c.Errorf("after %v: %v, want %v", after, got, want)
	}
}

// pinged fails unless the client gets a ping.
func (c clock) pinged() {
	c.Helper()
	if p, err := c.client.Next(); err != nil || p.String() != "2" {
		c.Fatalf("got %q, %v, want a ping", p, err)
	}
}

// A client that must wait until its messages are handled does not count as
// silent.
func TestHeartbeatFullInbox(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		started, held := make(chan bool), make(chan struct{})
		// The second message does not fit, though little waits.
		h := newHost(t, Options{MaxMessageBytes: 1000, MaxQueueBytes: 1000}, func(h *host) {
			h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
			h.server.OnEvent("/", "length", func(_ socketio.Conn, text string) int { return len(text) })
		})
		c := h.call(transport, version)
		conn := h.conn(c)
		h.say(c, `42["block"]`)
		<-started
		done := make(chan error, 1)
		go func() {
			done <- c.Try(`421["length","`+strings.Repeat("x", 300)+`"]`, `422["length","`+strings.Repeat("y", 800)+`"]`)
		}()
		eventually(t, "the client waits", conn.full)
		conn.heartbeat.heard.Store(0)
		if wait := conn.heartbeat.silence(time.Now()); wait <= 0 {
			t.Errorf("it counts as silent: %v", wait)
		}
		conn.heartbeat.heard.Store(0)
		close(held)
		h.hear(c, `431[300]`, `432[800]`)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if conn.full() || conn.heartbeat.heard.Load() == 0 {
			t.Error("it is not listened to again")
		}
	})
}

// A client that answers stays, even during a slow handler of its own. A silent
// one is lost.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		const interval, timeout = 20 * time.Millisecond, 2 * time.Second
		started, held := make(chan bool), make(chan struct{})
		reasons := make(chan string, 2)
		h := newHost(t, Options{PingInterval: interval, PingTimeout: timeout}, func(h *host) {
			h.server.OnEvent("/", "block", func(socketio.Conn) { started <- true; <-held })
		})
		silent, answers := h.call(transport, version), h.call(transport, version)
		conn := h.conn(silent)
		go func() { <-conn.Done(); reasons <- conn.Reason() }()
		h.say(answers, `42["block"]`)
		<-started
		for beats := 0; ; beats++ {
			select {
			case reason := <-reasons:
				if reason != ReasonTimeout {
					t.Errorf("the silent client has left for %q", reason)
				}
				if beats < 3 {
					t.Errorf("after %d heartbeats", beats)
				}
				close(held)
				h.say(answers, `421["echo","still here"]`)
				h.hear(answers, `431["still here"]`)
				return
			default:
				h.beat(answers, version)
			}
		}
	})
}

// beat plays a client's part of one heartbeat.
func (h *host) beat(c caller, version int) {
	h.Helper()
	if version == 3 {
		h.say(c, "2")
	}
	want := map[int]string{3: "3", 4: "2"}[version]
	if p, err := c.Next(); err != nil || p.String() != want {
		h.Fatalf("got %q, %v, want a heartbeat", p, err)
	}
	if version == 4 {
		h.say(c, "3")
	}
}

// A client that has been in no namespace for long is lost, but not one that has
// just left its last.
func TestStray(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	c := h.call(nameWebsocket, 4)
	conn := h.conn(c)
	later := time.Now().Add(time.Hour)
	if conn.outside(later) {
		t.Error("in a namespace, and stray")
	}
	conn.mu.Lock()
	conn.namespaces.alone = conn.namespaces.alone.Add(-time.Hour) // that was long ago
	conn.mu.Unlock()
	h.say(c, "41")
	eventually(t, "it is in no namespace", func() bool { return conn.outside(later) })
	if conn.outside(time.Now()) {
		t.Error("stray at once")
	}
	h.say(c, "40")
	h.hear(c, "40*")
	if conn.outside(later) {
		t.Error("back in a namespace, and stray")
	}
}

// A slowIDs makes a handshake take longer than the ping interval.
type slowIDs struct{ randomIDs }

func (s slowIDs) NewID() string {
	<-time.After(100 * time.Millisecond)
	return s.randomIDs.NewID()
}

// OPEN comes before the first ping, however long go-socket.io takes to write it, and
// counts as a ping.
func TestHeartbeatAfterOpen(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{PingInterval: 10 * time.Millisecond, PingTimeout: 5 * time.Second}, func(h *host) {
			h.wire = New(h.wire.options)
			h.server = socketio.NewServer(h.wire.EngineOptions(&engineio.Options{SessionIDGenerator: slowIDs{}}))
			h.server.OnConnect("/", func(socketio.Conn) error { return nil })
			h.web.Config.Handler = h.wire.Handler(h.server)
		})
		h.dial(transport, version) // its first packet is OPEN
	})
}

// A version 4 client that asks for no namespace is lost.
func TestHeartbeatNoNamespace(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	conn := h.conn(h.dial(nameWebsocket, 4))
	conn.mu.Lock()
	conn.namespaces.alone = conn.namespaces.alone.Add(-connectTimeout - time.Second)
	conn.mu.Unlock()
	conn.heartbeat.timer.Reset(0)
	<-conn.Done()
	if reason := conn.Reason(); reason != ReasonTimeout {
		t.Errorf("it has left for %q", reason)
	}
}
