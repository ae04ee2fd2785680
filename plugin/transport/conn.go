package transport

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

// The reasons why a connection ended, in Socket.IO's words.
const (
	ReasonClosed   = "transport close"             // the client hung up
	ReasonError    = "transport error"             // it broke, or the client broke the rules
	ReasonTimeout  = "ping timeout"                // nothing was heard of the client
	ReasonServer   = "server namespace disconnect" // the server hung up
	ReasonShutdown = "server shutting down"        // Wire.Close
)

// A Conn is one client's connection, from the handshake to the end, whatever
// wire it uses meanwhile. go-socket.io reads and writes it as one of its own;
// its other methods are for who gates namespaces, and safe for concurrent use.
type Conn struct {
	wire       *Wire
	id         string // set by the OPEN packet, before the Conn is registered
	version    int    // of Engine.IO: 3 or 4
	request    *http.Request
	local      net.Addr
	credential string // of the handshake
	started    time.Time

	heartbeat heartbeat
	posting   sync.Mutex // held by a POST: one after another
	receiving sync.Mutex // held while a frame is taken in, from whatever wire
	payloads  payloadDecoder
	taken     atomic.Bool // go-socket.io has taken it over: it wrote the root's CONNECT

	// These are used by go-socket.io's reading goroutine only.
	reader  reader
	reading *buffer

	done chan struct{} // closed when it has left the registry

	mu       sync.Mutex
	reason   string // why it ends; "" while it lives
	in       inbox
	out      outbox
	spaces   map[string]*space // the namespaces that were asked for
	decided  sync.Cond         // a namespace was admitted or left
	rooted   bool              // the root was asked for
	refused  *refused          // why the client may not come in, once it was told
	connects int               // how many CONNECT packets came since window
	window   time.Time
	draft    draft
	awaited  []acknowledgement // those that go-socket.io is to give
	current  acknowledgement   // of the event that is handled
	answers  queue[[]parcel]   // those that wait for what was emitted before
	handling bool              // go-socket.io handles what it has read
	idle     chan struct{}     // closed when it has; made by Idle

	ws        *websocket.Conn // nil while it polls
	draining  bool            // a goroutine writes to ws
	drainer   func()          // drain: made once, not for each of them
	poll      *poll           // the GET that waits
	probing   bool            // an upgrade is under way
	probed    bool            // its client was told that the websocket works
	candidate *websocket.Conn // what it tries
	noops     int             // how many GETs it has cut short
	end       *time.Timer     // of the farewell
	disposed  bool
}

var (
	_ transport.Conn = (*Conn)(nil)
	_ http.Handler   = (*Conn)(nil)
)

func newConn(w *Wire, r *http.Request) *Conn {
	c := &Conn{
		wire:    w,
		version: versionOf(r),
		request: handshakeOf(r),
		done:    make(chan struct{}),
		spaces:  make(map[string]*space, 1),
	}
	c.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	c.credential = w.credentialOf(r)
	c.payloads = payloadDecoder{version: c.version, max: w.options.MaxMessageBytes}
	c.drainer = c.drain
	c.in.arrived.L, c.in.taken.L, c.decided.L = &c.mu, &c.mu, &c.mu
	return c
}

// handshakeOf keeps what may be asked of a handshake later, not the request
// with all that hangs on it.
func handshakeOf(r *http.Request) *http.Request {
	header := r.Header.Clone()
	stripAuth(header)
	return &http.Request{Method: r.Method, URL: r.URL, Host: r.Host, Header: header, RemoteAddr: r.RemoteAddr, TLS: r.TLS}
}

// start begins the heartbeat.
func (c *Conn) start(now time.Time) {
	c.started = now
	c.heartbeat.start(c, now)
}

// ID returns the transport id, "" before the OPEN packet is written.
func (c *Conn) ID() string { return c.id }

// Version returns the client's version of Engine.IO, 3 or 4.
func (c *Conn) Version() int { return c.version }

// Done returns a channel that closes when the connection is over and its wire
// is closed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Reason returns why the connection ended, "" while it lives.
func (c *Conn) Reason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// URL returns the address of the handshake, also after an upgrade.
func (c *Conn) URL() url.URL { return *c.request.URL }

// RemoteHeader returns the headers of the handshake, also after an upgrade.
func (c *Conn) RemoteHeader() http.Header { return c.request.Header }

// LocalAddr returns the server's address.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the client's address at the handshake.
func (c *Conn) RemoteAddr() net.Addr { return address(c.request.RemoteAddr) }

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
	c.wire.release(c.reading)
	c.reading = nil
	c.idleLocked()
	for {
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

// Close is go-socket.io's wish to end the connection. What was written is sent
// first.
func (c *Conn) Close() error {
	c.hangUp(ReasonServer)
	return nil
}

// hangUp ends the connection when what was written is sent, without waiting
// for it.
func (c *Conn) hangUp(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUpLocked(reason)
}

func (c *Conn) hangUpLocked(reason string) {
	if !c.closeLocked(reason) {
		return
	}
	c.in.clear(c.wire)
	if c.ws == nil {
		c.endInLocked(farewell)
	}
	c.kickLocked()
}

// endIn disposes of the connection after some time.
func (c *Conn) endIn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endInLocked(d)
}

func (c *Conn) endInLocked(d time.Duration) {
	switch {
	case c.disposed:
	case c.end == nil:
		c.end = time.AfterFunc(d, c.dispose)
	default:
		c.end.Reset(d)
	}
}

// lose ends a connection that the client or the network has ended: what the
// client sent before is still handled.
func (c *Conn) lose(reason string) {
	c.mu.Lock()
	c.closeLocked(reason)
	c.mu.Unlock()
	c.dispose()
}

// violate ends a connection whose client broke the rules.
func (c *Conn) violate(err error) {
	c.mu.Lock()
	first := c.closeLocked(ReasonError)
	c.in.clear(c.wire)
	c.mu.Unlock()
	if first {
		c.wire.options.Logger.Info("transport: connection ended", "remote", c.request.RemoteAddr, "why", err)
	}
	c.dispose()
}

// closeLocked makes reason the reason of the end, and tells whether it is the
// first. Nothing is taken in or written from then on. c.mu is held.
func (c *Conn) closeLocked(reason string) bool {
	if c.reason != "" {
		return false
	}
	c.reason = reason
	c.in.arrived.Broadcast()
	c.in.taken.Broadcast()
	c.decided.Broadcast()
	return true
}

// dispose closes the wire and forgets the connection.
func (c *Conn) dispose() {
	c.mu.Lock()
	if c.disposed {
		c.mu.Unlock()
		return
	}
	c.disposed = true
	if c.end != nil {
		c.end.Stop()
	}
	c.out.clear(c.wire)
	wires := [2]*websocket.Conn{c.ws, c.candidate}
	c.wakePollLocked()
	c.mu.Unlock()
	c.heartbeat.stop()
	for _, ws := range wires {
		if ws != nil {
			_ = ws.Close()
		}
	}
	c.wire.forget(c)
	close(c.done)
}

// Idle returns a channel that closes when no event of the connection is being
// handled: its acknowledgement is written.
func (c *Conn) Idle() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle == nil {
		c.idle = make(chan struct{})
		if !c.handling || c.reason != "" {
			close(c.idle)
		}
	}
	return c.idle
}

// idleLocked notes that what go-socket.io has read is handled. c.mu is held.
func (c *Conn) idleLocked() {
	c.handling = false
	if c.idle == nil {
		return
	}
	select {
	case <-c.idle:
	default:
		close(c.idle)
	}
	c.idle = nil
}
