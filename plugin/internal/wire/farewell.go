package wire

import (
	"encoding/json"
	"slices"
	"time"
)

// A Farewell is what a client gets that is sent out of a namespace.
type Farewell struct {
	Event  string          // its last event
	Data   json.RawMessage // the event's argument
	Answer json.RawMessage // the acknowledgement of whatever it still sends
	Back   bool            // it may come back by itself
}

// leaveGrace is how long a client that was sent out may take to hang up by
// itself, and its connection to say goodbye in other namespaces.
const leaveGrace = 100 * time.Millisecond

// Expel sends a client out of a namespace. When it has had 100 ms to hang up by
// itself, in the root up to 400 ms for the sake of other namespaces, it is told
// to leave for good, and the connection ends if that was the root or its last
// namespace; a client that may come back is told nothing, and the connection
// ends.
func (c *Conn) Expel(namespace string, farewell Farewell) {
	name, err := json.Marshal(farewell.Event)
	if err != nil {
		return // not of a string
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

// maxDelays is how often the root waits for other namespaces, whose clients are
// perhaps about to be told why they must go too.
const maxDelays = 3

// gatedElsewhereLocked tells whether the client is in a gated namespace, besides the
// root, and was not sent out. c.mu is held.
func (c *Conn) gatedElsewhereLocked() bool {
	for _, s := range c.namespaces.joined {
		if s.name != "/" && s.answer == "" && c.shared.gates.has(s.name) {
			return true
		}
	}
	return false
}

// finishExpel ends the stay of a client that was sent out, unless it has left.
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
		for _, other := range c.namespaces.joined { // they go with it, and would come back
			if other != s {
				c.out.sendText("4" + bare(kindDisconnect, other.name))
			}
		}
	}
	c.namespaces.dismiss(s, back)
}
