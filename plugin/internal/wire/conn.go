package wire

import (
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/googollee/go-socket.io/engineio/transport"
)

// A Conn is one client's connection from the handshake to the end, over polling,
// websocket, or first one and then the other. go-socket.io reads and writes it as a
// transport.Conn. The other methods are for the plugin, and safe for concurrent use.
type Conn struct {
	shared     *shared
	id         string // set by writeOpen, before the Conn is registered
	version    int    // of Engine.IO: 3 or 4
	handshake  handshake
	local      net.Addr
	credential string // of the handshake

	lifecycle // its mu guards every field below that says nothing else

	heartbeat heartbeat      // needs no lock
	held      held           // has its own
	marking   sync.Mutex     // held while placeholders are emitted
	marks     atomic.Int32   // those that must be emitted before anything else
	posting   sync.Mutex     // held during a POST
	payloads  payloadDecoder // guarded by posting
	receiving sync.Mutex     // held while a frame is received, from a POST or a websocket
	assembler assembler      // guarded by receiving

	// Only go-socket.io's reading goroutine uses these.
	reader  bufferReader
	reading *buffer

	in         inbox
	out        sender
	namespaces namespaces
	acks       acks
	partial    partialPacket // go-socket.io is writing it
	watchdog   watchdog
	idle       idleSignal
	requests   map[*http.ResponseController]struct{} // that read or write at the client's pace
}

var (
	_ transport.Conn = (*Conn)(nil)
	_ http.Handler   = (*Conn)(nil)
)

func newConn(s *shared, r *http.Request, version int) *Conn {
	c := &Conn{
		shared:    s,
		version:   version,
		handshake: handshakeOf(r),
	}
	c.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	c.credential = s.identity.credentialOf(r)
	c.payloads = payloadDecoder{version: version, max: s.options.MaxMessageBytes}
	c.held.waiting = &s.waiting
	c.assembler.shared, c.assembler.held = s, &c.held
	c.in = newInbox(s, &c.lifecycle)
	c.out = sender{shared: s, version: version, life: &c.lifecycle, end: c}
	c.out.queue.waiting = &s.waiting
	c.namespaces = namespaces{
		shared: s, version: version, life: &c.lifecycle, end: c, out: &c.out, in: &c.in,
		decided: sync.Cond{L: &c.mu},
	}
	return c
}

// start starts the heartbeat.
func (c *Conn) start(now time.Time) {
	c.namespaces.alone = now
	c.heartbeat.start(c, c.version, &c.shared.options, now)
}

// ID returns the transport id, "" before go-socket.io has written OPEN.
func (c *Conn) ID() string { return c.id }

// URL returns the address of the handshake, also after an upgrade.
func (c *Conn) URL() url.URL { return *c.handshake.url }

// RemoteHeader returns the headers of the handshake, also after an upgrade. They
// are shared: do not change them.
func (c *Conn) RemoteHeader() http.Header { return c.handshake.header }

// Request returns the handshake, with the auth payload with which the client has
// asked for a namespace. Its fields are shared: do not change them.
func (c *Conn) Request(namespace string) *http.Request {
	c.mu.Lock()
	var auth []byte
	if s := c.namespaces.find([]byte(namespace)); s != nil {
		auth = s.auth
	}
	c.mu.Unlock()
	header := c.handshake.header
	if auth != nil {
		header = header.Clone()
		addAuth(header, auth)
	}
	return c.handshake.request(header)
}

// LocalAddr returns the server's address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the client's address at the handshake.
func (c *Conn) RemoteAddr() net.Addr { return address(c.handshake.remote) }

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// SetReadDeadline does nothing: the connection has its own heartbeat.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: writes never wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// Idle returns a channel that closes when no handler handles an event of the
// connection, and the last acknowledgement is written. The channel of a connection that
// has ended is closed.
func (c *Conn) Idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return c.idle.wait()
}

// AwaitRoom waits while more than half of MaxQueueBytes waits to be sent, for limit at
// most. It returns how long it has waited, and which part of MaxQueueBytes the client has
// taken meanwhile.
func (c *Conn) AwaitRoom(limit time.Duration) (waited time.Duration, taken float64) {
	c.mu.Lock()
	free, full := c.out.full()
	before := c.out.waits()
	c.mu.Unlock()
	if !full {
		return 0, 0
	}
	began, late := time.Now(), time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-free:
	case <-late.C:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	less := max(0, before-c.out.waits())
	return time.Since(began), float64(less) / float64(c.shared.options.MaxQueueBytes)
}

// ping sends a ping to a version 4 client. It reports whether OPEN has gone before.
func (c *Conn) ping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.id == "" {
		return false
	}
	if c.reason == "" {
		c.out.sendText("2")
	}
	return true
}

// full reports whether the client must wait until its messages are handled.
func (c *Conn) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.full
}

// outside reports whether the client has been in no namespace for too long.
func (c *Conn) outside(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces.expire(now)
	return c.namespaces.outside(now)
}
