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

// parting is how long a client that was sent out may take to hang up by
// itself, and its connection to say goodbye in other namespaces.
const parting = 100 * time.Millisecond

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
	s := c.spaces.find([]byte(namespace))
	if s == nil || !s.admitted || s.over != "" || c.reason != "" {
		return
	}
	s.over = "[" + string(farewell.Answer) + "]"
	c.out.sendText("4" + prefix(kindEvent, namespace) + "[" + string(name) + "," + string(farewell.Data) + "]")
	time.AfterFunc(parting, func() { c.part(s, farewell.Back) })
}

// maxWaits is how often the root waits for other namespaces, whose clients are
// perhaps about to be told why they must go too.
const maxWaits = 3

// othersStayLocked tells whether the client is in a gated namespace, besides the
// root, and was not sent out. c.mu is held.
func (c *Conn) othersStayLocked() bool {
	for _, s := range c.spaces.joined {
		if s.name != "/" && s.over == "" && c.shared.gates.has(s.name) {
			return true
		}
	}
	return false
}

// part ends the stay of a client that was sent out, unless it has left.
func (c *Conn) part(s *space, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.spaces.joined, s) || c.reason != "" {
		return
	}
	if s.name == "/" && s.waits < maxWaits && c.othersStayLocked() {
		s.waits++
		time.AfterFunc(parting, func() { c.part(s, back) })
		return
	}
	if !back {
		c.out.sendText("4" + bare(kindDisconnect, s.name))
	}
	if !back && s.name == "/" {
		for _, other := range c.spaces.joined { // they go with it, and would come back
			if other != s {
				c.out.sendText("4" + bare(kindDisconnect, other.name))
			}
		}
	}
	c.spaces.dismiss(s, back)
}
