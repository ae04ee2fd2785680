package wire

import (
	"errors"
	"time"
)

// Close ends the connection for go-socket.io, after everything written was sent.
// From then on go-socket.io reads nothing: it has left every namespace, and would
// never leave one that it enters now.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	c.hangUpLocked(ReasonServer, writeGrace)
	c.in.clear()
	c.shared.leftovers.remove(c)
	return nil
}

// writeGrace is how long go-socket.io's writing goroutine may take for what was
// emitted before the end.
const writeGrace = 100 * time.Millisecond

// hangUp ends the connection after everything written was sent. It returns at
// once, and reports whether nobody has ended the connection before.
func (c *Conn) hangUp(reason string) (first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hangUpLocked(reason, writeGrace)
}

// hangUpLocked is hangUp with c.mu held. writing is how long go-socket.io may still
// write.
func (c *Conn) hangUpLocked(reason string, writing time.Duration) (first bool) {
	if !c.closeLocked(reason) {
		return false
	}
	c.in.clear()
	if c.out.ws == nil {
		c.endInLocked(lastPollGrace)
	} else {
		c.endInLocked(c.shared.options.PingTimeout)
	}
	time.AfterFunc(writing, c.endWhenSent)
	return true
}

// endWhenSent lets the connection end as soon as the queue is empty.
func (c *Conn) endWhenSent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	if !c.disposed {
		c.out.trySend()
	}
}

// endInLocked disposes of the connection after d. c.mu is held.
func (c *Conn) endInLocked(d time.Duration) {
	switch {
	case c.disposed:
	case c.timer == nil:
		c.timer = time.AfterFunc(d, c.dispose)
	default:
		c.timer.Reset(d)
	}
}

// lose ends a connection that the client or the network has ended. go-socket.io
// still handles what the client sent before.
func (c *Conn) lose(reason string) {
	c.mu.Lock()
	c.closeLocked(reason)
	c.mu.Unlock()
	c.dispose()
}

// violate ends the connection of a client that broke the rules.
func (c *Conn) violate(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violateLocked(err)
}

// violateLocked is violate with c.mu held. The goroutine ends when the connection
// has: neither the app's logger nor dispose may run under c.mu.
func (c *Conn) violateLocked(err error) {
	reason := ReasonError
	if errors.Is(err, errSlow) {
		reason = ReasonSlow
		c.abortLocked()
	}
	first := c.closeLocked(reason)
	c.in.clear()
	go func() {
		if first {
			c.shared.options.Logger.Info("transport: connection ended", "remote", c.handshake.remote, "why", err)
			if reason == ReasonSlow {
				c.shared.observer.dropped(DroppedSlow)
			}
		}
		c.dispose()
	}()
}

// breakLocked ends a connection to which a write has failed. c.mu is held.
func (c *Conn) breakLocked() {
	c.closeLocked(ReasonError)
	c.ending = true
	go c.dispose() // which needs c.mu
}

// closeLocked sets the reason of the end, and reports whether it is the first. The
// inbox takes nothing from then on. c.mu is held.
func (c *Conn) closeLocked(reason string) bool {
	if c.reason != "" {
		return false
	}
	c.reason = reason
	c.in.wake()
	c.out.makeRoom()
	c.namespaces.decided.Broadcast()
	return true
}

// dispose closes the websockets and removes the connection from the registry.
func (c *Conn) dispose() {
	c.mu.Lock()
	if c.disposed {
		c.mu.Unlock()
		return
	}
	c.disposed, c.ending = true, true
	if c.timer != nil {
		c.timer.Stop()
	}
	wires := c.out.abandon()
	c.namespaces.clear()
	if c.in.size > 0 {
		c.shared.leftovers.add(c)
	}
	id := c.id // writeOpen may still set it, but then does not register the connection
	c.mu.Unlock()
	c.heartbeat.stop()
	for _, ws := range wires {
		if ws != nil {
			_ = ws.Close()
		}
	}
	c.held.end()
	c.shared.registry.remove(id, c)
	c.finish()
}

// endStuck ends a connection when the watchdog fires.
func (c *Conn) endStuck() {
	c.mu.Lock()
	stuck := c.watchdog.timer != nil
	c.mu.Unlock()
	if !stuck {
		return
	}
	c.shared.options.Logger.Error("transport: a connection was ended, since the server's OnConnect of the root does not return: an Emit there waits for its return; emit in a goroutine, or register the handler with plugin.Sessions",
		"remote", c.handshake.remote)
	if entering := c.shared.server.conn(c.id); entering != nil {
		_ = entering.Close()
	}
	c.lose(ReasonError)
}
