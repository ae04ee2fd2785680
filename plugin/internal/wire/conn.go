package wire

import (
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/googollee/go-socket.io/engineio/transport"
)

// A Conn is one client's connection, from the handshake to the end, whatever
// wire it uses meanwhile. go-socket.io reads and writes it as one of its own;
// its other methods are for who gates namespaces, and safe for concurrent use.
type Conn struct {
	shared     *shared
	id         string // set by the OPEN packet, before the Conn is registered
	version    int    // of Engine.IO: 3 or 4
	handshake  handshake
	local      net.Addr
	credential string // of the handshake

	lifecycle // with the mu that guards all but what says otherwise

	heartbeat heartbeat      // by itself
	posting   sync.Mutex     // held by a POST: one after another
	payloads  payloadDecoder // guarded by posting
	receiving sync.Mutex     // held while a frame is taken in, from whatever wire
	assembler assembler      // guarded by receiving

	// These are used by go-socket.io's reading goroutine only.
	reader  bufferReader
	reading *buffer

	in         inbox
	out        sender
	namespaces namespaces
	acks       acks
	partial    partialPacket // what go-socket.io is writing
	watchdog   watchdog
	handling   bool          // go-socket.io handles what it has read
	idle       chan struct{} // closed when it has; made by Idle
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
	c.assembler.shared = s
	c.in = newInbox(s, &c.lifecycle)
	c.out = sender{shared: s, version: version, life: &c.lifecycle, end: c}
	c.namespaces = namespaces{
		shared: s, version: version, life: &c.lifecycle, end: c, out: &c.out, in: &c.in,
		decided: sync.Cond{L: &c.mu},
	}
	return c
}

// start begins the heartbeat.
func (c *Conn) start(now time.Time) {
	c.namespaces.alone = now
	c.heartbeat.start(c, c.version, &c.shared.options, now)
}

// ID returns the transport id, "" before the OPEN packet is written.
func (c *Conn) ID() string { return c.id }

// URL returns the address of the handshake, also after an upgrade.
func (c *Conn) URL() url.URL { return *c.handshake.url }

// RemoteHeader returns the headers of the handshake, also after an upgrade. They
// are shared: do not change them.
func (c *Conn) RemoteHeader() http.Header { return c.handshake.header }

// LocalAddr returns the server's address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the client's address at the handshake.
func (c *Conn) RemoteAddr() net.Addr { return address(c.handshake.remote) }

type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }

// SetReadDeadline does nothing: the connection has a heartbeat of its own.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: writes do not wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// ping asks a client of version 4 for a sign of life.
func (c *Conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.out.sendText("2")
	}
}

// full tells whether the client waits for its own messages to be handled.
func (c *Conn) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.full
}

// outside tells whether a client has been in no namespace for too long.
func (c *Conn) outside(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces.expire(now)
	return c.namespaces.outside(now)
}
