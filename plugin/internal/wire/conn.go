package wire

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	engineframe "github.com/googollee/go-socket.io/engineio/frame"
	enginepacket "github.com/googollee/go-socket.io/engineio/packet"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/gorilla/websocket"
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

	heartbeat heartbeat
	posting   sync.Mutex // held by a POST: one after another
	receiving sync.Mutex // held while a frame is taken in, from whatever wire
	payloads  payloadDecoder
	taken     atomic.Bool // go-socket.io has taken it over: it wrote the root's CONNECT

	// These are used by go-socket.io's reading goroutine only.
	reader  reader
	reading *buffer

	mu       sync.Mutex
	reason   string // why it ends; "" while it lives, and takes in what comes
	ending   bool   // what is queued is all that will be sent
	shut     bool   // go-socket.io has closed it, and reads no more
	in       inbox
	out      outbox
	spaces   spaces      // the namespaces that were asked for
	alone    time.Time   // since when it is in none, if it is
	entering *time.Timer // ends a root handler that does not return; nil when it has
	decided  sync.Cond   // a namespace was admitted or left
	rooted   bool        // the root was asked for
	early    *early      // what waits until a version 4 client asks for the root; nil when it has
	refused  *refused    // why the client may not come in, once it was told
	connects int         // how many CONNECT packets came since window
	window   time.Time
	draft    draft
	awaited  []acknowledgement // those that go-socket.io is to give
	current  acknowledgement   // of the event that is handled
	answers  queue[[]parcel]   // those that wait for what was emitted before
	handling bool              // go-socket.io handles what it has read
	idle     chan struct{}     // closed when it has; made by Idle

	ws        *websocket.Conn // nil while it polls
	stream    *stream         // under ws
	parted    bool            // it has said goodbye
	poll      *poll           // the GET that waits
	probing   bool            // an upgrade is under way
	probed    bool            // its client was told that the websocket works
	candidate *websocket.Conn // what it tries
	noops     int             // how many GETs it has cut short
	end       *time.Timer     // disposes of it, also if nobody listens
	disposed  bool
	over      bool          // it has left the registry
	done      chan struct{} // closed then; made by Done
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
	c.payloads = payloadDecoder{version: c.version, max: s.options.MaxMessageBytes}
	c.in.arrived.L, c.in.taken.L, c.decided.L = &c.mu, &c.mu, &c.mu
	return c
}

// start begins the heartbeat.
func (c *Conn) start(now time.Time) {
	c.alone = now
	c.heartbeat.start(c, now)
}

// ID returns the transport id, "" before the OPEN packet is written.
func (c *Conn) ID() string { return c.id }

// Version returns the client's version of Engine.IO, 3 or 4.
func (c *Conn) Version() int { return c.version }

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

// NextReader returns the next packet for go-socket.io, and waits for it.
func (c *Conn) NextReader() (engineframe.Type, enginepacket.Type, io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shared.pool.release(c.reading)
	c.reading = nil
	c.entered()
	if c.in.rest.len() == 0 {
		c.idleLocked() // or it reads the attachments of the event
	}
	for {
		if c.shut {
			return 0, 0, nil, io.EOF
		}
		if b, binary := c.nextLocked(); b != nil {
			c.reading, c.handling = b, true
			if binary {
				c.reader.Reset(b.binary())
				return engineframe.Binary, enginepacket.MESSAGE, &c.reader, nil
			}
			c.reader.Reset(b.bytes)
			return engineframe.String, enginepacket.MESSAGE, &c.reader, nil
		}
		if c.reason != "" {
			return 0, 0, nil, io.EOF
		}
		c.in.arrived.Wait()
	}
}

// Idle returns a channel that closes when no event of the connection is being
// handled: its acknowledgement is written.
func (c *Conn) Idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	idle := make(chan struct{})
	if !c.handling || c.reason != "" {
		close(idle)
		return idle
	}
	if c.idle == nil {
		c.idle = idle
	}
	return c.idle
}

// idleLocked notes that what go-socket.io has read is handled. c.mu is held.
func (c *Conn) idleLocked() {
	c.handling = false
	if c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}
