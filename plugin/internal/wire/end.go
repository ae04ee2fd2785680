package wire

import "time"

// Close is go-socket.io's wish to end the connection. What was written is sent
// first. Nothing is read any more, also where the client has gone already: go-socket.io
// has left every namespace, and would not leave again what it enters now.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = true
	c.hangUpLocked(ReasonServer, writeGrace)
	c.in.clear()
	return nil
}

// writeGrace is how long go-socket.io may take to write what was emitted before
// the end: it does so in a goroutine of its own.
const writeGrace = 100 * time.Millisecond

// hangUp ends the connection when what was written is sent, without waiting
// for it.
func (c *Conn) hangUp(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUpLocked(reason, writeGrace)
}

// hangUpLocked is hangUp for who holds c.mu, and knows how long something may
// still be written.
func (c *Conn) hangUpLocked(reason string, writing time.Duration) {
	if !c.closeLocked(reason) {
		return
	}
	c.in.clear()
	if c.out.ws == nil {
		c.endInLocked(lastPollGrace)
	} else {
		c.endInLocked(c.shared.options.PingTimeout)
	}
	time.AfterFunc(writing, c.endWhenSent)
}

// endWhenSent lets the connection end when what is queued is sent.
func (c *Conn) endWhenSent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = true
	if !c.disposed {
		c.out.trySend()
	}
}

// endInLocked disposes of the connection after some time. c.mu is held.
func (c *Conn) endInLocked(d time.Duration) {
	switch {
	case c.disposed:
	case c.timer == nil:
		c.timer = time.AfterFunc(d, c.dispose)
	default:
		c.timer.Reset(d)
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
	c.in.clear()
	go func() {
		if first {
			c.shared.options.Logger.Info("transport: connection ended", "remote", c.handshake.remote, "why", err)
		}
		c.dispose()
	}()
}

// breakLocked ends a connection whose wire is broken. c.mu is held.
func (c *Conn) breakLocked() {
	c.closeLocked(ReasonError)
	c.ending = true
	go c.dispose() // which needs c.mu
}

// closeLocked makes reason the reason of the end, and tells whether it is the
// first. Nothing is taken in from then on. c.mu is held.
func (c *Conn) closeLocked(reason string) bool {
	if c.reason != "" {
		return false
	}
	c.reason = reason
	c.in.wake()
	c.namespaces.decided.Broadcast()
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
	if c.timer != nil {
		c.timer.Stop()
	}
	wires := c.out.abandon()
	id := c.id // OPEN may be about to name a connection that is over, which is not registered
	c.mu.Unlock()
	c.heartbeat.stop()
	for _, ws := range wires {
		if ws != nil {
			_ = ws.Close()
		}
	}
	c.shared.registry.remove(id, c)
	c.lifecycle.finish()
}

// endStuck ends a connection whose handler has not returned.
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

// resume goes on with what is queued: the stream has sent what it kept.
func (c *Conn) resume(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.stream == s && !c.disposed {
		c.out.trySend()
	}
}

// fail ends what a stream that is broken serves: the connection, or the attempt
// to upgrade it.
func (c *Conn) fail(s *stream) {
	c.mu.Lock()
	serves := c.out.stream == s
	c.mu.Unlock()
	if serves {
		c.lose(ReasonError)
		return
	}
	_ = s.Close() // who reads notices
}
