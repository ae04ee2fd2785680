package wire

import (
	"encoding/json"
	"slices"
)

// A Farewell is what an expelled client gets.
type Farewell struct {
	Event  string          // its last event
	Data   json.RawMessage // the event's argument
	Answer json.RawMessage // the acknowledgement of each later event
	Back   bool            // it may reconnect by itself
}

// Expel tells a client of a namespace why it must go: it gets the farewell's event, and
// no more from then on but the farewell's answer to each of its events. Call out when
// it has had its time to leave by itself, and other namespaces have expelled it that
// are about to. Then it gets a DISCONNECT, after which it does not reconnect by itself,
// and the connection ends if this was the root or its last namespace. A client that may
// reconnect gets no DISCONNECT; its connection ends. out does nothing if the client has
// left. It is nil if the client is not in the namespace.
func (c *Conn) Expel(namespace string, farewell Farewell) (out func()) {
	name, err := json.Marshal(farewell.Event)
	if err != nil {
		return nil // a string never fails
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.namespaces.find([]byte(namespace))
	if s == nil || !s.admitted || s.answer != "" || c.reason != "" {
		return nil
	}
	s.answer = "[" + string(farewell.Answer) + "]"
	c.out.sendText("4" + prefix(kindEvent, namespace) + "[" + string(name) + "," + string(farewell.Data) + "]")
	return func() { c.finishExpel(s, farewell.Back) }
}

// finishExpel removes an expelled client from its namespace, unless it has left.
func (c *Conn) finishExpel(s *socket, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.namespaces.joined, s) || c.reason != "" {
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
