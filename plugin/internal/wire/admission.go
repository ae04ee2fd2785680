package wire

import (
	"encoding/json"
	"time"
)

// Admit lets the client into a namespace that it has asked for. The client gets
// CONNECT, and then everything that was emitted to it meanwhile.
func (c *Conn) Admit(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.namespaces.find([]byte(namespace)); s != nil && !s.admitted {
		c.namespaces.admit(s)
	}
}

// Await returns when the client is in a namespace that it has asked for, was
// refused there, or has left.
func (c *Conn) Await(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.namespaces.await(namespace)
}

// refusedGrace is how long a client may take to hang up after the root has refused
// it. It may have asked for other namespaces, and must hear their refusal too.
const refusedGrace = time.Second

// Refuse refuses the client a namespace that it has asked for. A client of version
// 3 gets an ERROR packet with data, or with message if data is nil; one of version
// 4 gets a CONNECT_ERROR packet with both. The connection ends if the namespace is
// the root or the client is in no other. The client then also gets a DISCONNECT, so
// that it does not reconnect by itself, unless back allows that.
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
