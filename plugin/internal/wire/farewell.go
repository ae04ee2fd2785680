package wire

import (
	"encoding/json"
	"slices"
	"time"
)

// A Farewell is what an expelled client gets.
type Farewell struct {
	Event  string          // its last event
	Data   json.RawMessage // the event's argument
	Answer json.RawMessage // the acknowledgement of each later event
	Back   bool            // it may reconnect by itself
}

// leaveGrace is how long an expelled client may take to leave by itself.
const leaveGrace = 100 * time.Millisecond

// Expel sends a client out of a namespace. The client gets the farewell's event,
// and 100 ms to leave by itself; in the root it gets up to 400 ms, so that other
// namespaces can expel it too. Then it gets a DISCONNECT, after which it does not
// reconnect by itself, and the connection ends if this was the root or its last
// namespace. A client that may reconnect gets no DISCONNECT; its connection ends.
func (c *Conn) Expel(namespace string, farewell Farewell) {
	name, err := json.Marshal(farewell.Event)
	if err != nil {
		return // a string never fails
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.namespaces.find([]byte(namespace))
	if s == nil || !s.admitted || s.answer != "" || c.reason != "" {
		return
	}
	s.answer = "[" + string(farewell.Answer) + "]"
	c.out.sendText("4" + prefix(kindEvent, namespace) + "[" + string(name) + "," + string(farewell.Data) + "]")
	time.AfterFunc(leaveGrace, func() { c.finishExpel(s, farewell.Back) })
}

// maxDelays is how many times the root waits for other namespaces, which may be
// about to expel the client too.
const maxDelays = 3

// gatedElsewhereLocked reports whether the client is in a gated namespace besides
// the root that has not expelled it. c.mu is held.
func (c *Conn) gatedElsewhereLocked() bool {
	for _, s := range c.namespaces.joined {
		if s.name != "/" && s.answer == "" && c.shared.gates.has(s.name) {
			return true
		}
	}
	return false
}

// finishExpel removes an expelled client from its namespace, unless it has left.
func (c *Conn) finishExpel(s *socket, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.namespaces.joined, s) || c.reason != "" {
		return
	}
	if s.name == "/" && s.delays < maxDelays && c.gatedElsewhereLocked() {
		s.delays++
		time.AfterFunc(leaveGrace, func() { c.finishExpel(s, back) })
		return
	}
	if !back {
		c.out.sendText("4" + bare(kindDisconnect, s.name))
	}
	if !back && s.name == "/" {
		for _, other := range c.namespaces.joined { // they end too, and would reconnect
			if other != s {
				c.out.sendText("4" + bare(kindDisconnect, other.name))
			}
		}
	}
	c.namespaces.dismiss(s, back)
}
