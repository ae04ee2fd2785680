package wire

import "time"

// enterLocked notes that go-socket.io has the client enter the root: it calls the
// app's OnConnect, unless the root is gated, and writes and reads nothing until
// that returns. An Emit there waits for just that. go-socket.io has no way out but
// to close the connection, so that is what it gets when the time for a ping is
// over: without, it would stay for ever. c.mu is held.
func (c *Conn) enterLocked() {
	if c.reason == "" && !c.shared.gates.has("/") {
		c.entering = time.AfterFunc(c.shared.options.PingTimeout, c.release)
	}
}

// entered notes that the handler has returned. c.mu is held.
func (c *Conn) entered() {
	if c.entering != nil {
		c.entering.Stop()
		c.entering = nil
	}
}

// release ends a handler's wait.
func (c *Conn) release() {
	c.mu.Lock()
	stuck := c.entering != nil
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
