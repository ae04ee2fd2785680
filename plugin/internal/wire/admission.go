package wire

import (
	"encoding/json"
	"net/http"
	"time"
)

// Request returns the handshake as the given namespace was asked for: with its
// auth payload. What it holds is shared: do not change it.
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

// query returns what stood behind ? when the client asked for a namespace; for
// the root, in version 3, that of the handshake.
func (c *Conn) query(namespace string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.namespaces.find([]byte(namespace)); s != nil {
		return s.query
	}
	return ""
}

// Admit lets the client into a namespace that it has asked for: it gets
// CONNECT, and then what was emitted to it meanwhile.
func (c *Conn) Admit(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.namespaces.find([]byte(namespace)); s != nil && !s.admitted {
		c.namespaces.admit(s)
	}
}

// Await waits until the client was admitted to a namespace that it has asked
// for or turned away, or has left.
func (c *Conn) Await(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces.await(namespace)
}

// refusedGrace is how long a client that was turned away from the root may take to
// hang up by itself: it may have asked for other namespaces, and must hear that
// it is turned away there too.
const refusedGrace = time.Second

// Refuse turns the client away from a namespace that it has asked for. It gets
// an ERROR packet with data, or with message where data is nil; a client of
// version 4 gets a CONNECT_ERROR packet with both. Where it ends up in no
// namespace, or is turned away from the root, the connection ends. Then, unless
// back says that it may come back by itself, it is told not to.
func (c *Conn) Refuse(namespace, message string, data json.RawMessage, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.namespaces.find([]byte(namespace))
	if s == nil || s.admitted {
		return
	}
	last := namespace == "/" || len(c.namespaces.joined) == 1
	if back || !last {
		c.out.sendText(refusalText(c.version, namespace, message, data))
		c.namespaces.dismiss(s, false)
		return
	}
	c.namespaces.refused = &refused{message, data}
	c.namespaces.turnAway(namespace)
	c.namespaces.leave(s)
	c.in.inject(bare(kindDisconnect, namespace))
	time.AfterFunc(refusedGrace, func() { c.hangUp(ReasonServer) })
}
