package wire

import (
	"time"

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

// Done returns a channel that closes when the connection is over and its wire
// is closed.
func (c *Conn) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.over {
			close(c.done)
		}
	}
	return c.done
}

// Reason returns why the connection ended, "" while it lives.
func (c *Conn) Reason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

func (c *Conn) isEnding() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending
}

// Close is go-socket.io's wish to end the connection. What was written is sent
// first. Nothing is read any more, also where the client has gone already: go-socket.io
// has left every namespace, and would not leave again what it enters now.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	c.hangUpLocked(ReasonServer, lastWord)
	c.in.clear(&c.shared.pool)
	return nil
}

// IsShut tells whether go-socket.io has closed the connection: it has left every
// namespace by then.
func (c *Conn) IsShut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shut
}

// lastWord is how long go-socket.io may take to write what was emitted before
// the end: it does so in a goroutine of its own.
const lastWord = 100 * time.Millisecond

// hangUp ends the connection when what was written is sent, without waiting
// for it.
func (c *Conn) hangUp(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUpLocked(reason, lastWord)
}

// hangUpLocked is hangUp for who holds c.mu, and knows how long something may
// still be written.
func (c *Conn) hangUpLocked(reason string, writing time.Duration) {
	if !c.closeLocked(reason) {
		return
	}
	c.in.clear(&c.shared.pool)
	if c.ws == nil {
		c.endInLocked(farewell)
	} else {
		c.endInLocked(c.shared.options.PingTimeout)
	}
	time.AfterFunc(writing, c.finish)
}

// finish lets the connection end when what is queued is sent.
func (c *Conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	if !c.disposed {
		c.kickLocked()
	}
}

// endInLocked disposes of the connection after some time. c.mu is held.
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
	defer c.mu.Unlock()
	c.violateLocked(err)
}

// violateLocked is violate for who holds c.mu, under which neither the app's
// logger nor dispose may be called.
func (c *Conn) violateLocked(err error) {
	first := c.closeLocked(ReasonError)
	c.in.clear(&c.shared.pool)
	go func() {
		if first {
			c.shared.options.Logger.Info("transport: connection ended", "remote", c.handshake.remote, "why", err)
		}
		c.dispose()
	}()
}

// closeLocked makes reason the reason of the end, and tells whether it is the
// first. Nothing is taken in from then on. c.mu is held.
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
	c.disposed, c.ending = true, true
	if c.end != nil {
		c.end.Stop()
	}
	c.out.clear(&c.shared.pool)
	wires := [2]*websocket.Conn{c.ws, c.candidate}
	c.wakePollLocked()
	id := c.id // OPEN may be about to name a connection that is over, which is not registered
	c.mu.Unlock()
	c.heartbeat.stop()
	for _, ws := range wires {
		if ws != nil {
			_ = ws.Close()
		}
	}
	c.shared.registry.remove(id, c)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.done != nil {
		close(c.done)
	}
}
