package wire

import (
	"encoding/json"
	"time"
)

// lingering is how long a client that was turned away from the root may take to
// hang up by itself: it may have asked for other namespaces, and must hear that
// it is turned away there too.
const lingering = time.Second

// A refused is why a client was turned away for good.
type refused struct {
	message string
	data    json.RawMessage
}

// turnAwayLocked turns a client away for good: told to disconnect, it does not
// come back by itself. c.mu is held.
func (c *Conn) turnAwayLocked(name string) {
	c.sendLocked(c.refusal(name, c.refused.message, c.refused.data))
	c.sendTextLocked("4" + bare(kindDisconnect, name))
}

// Refuse turns the client away from a namespace that it has asked for. It gets
// an ERROR packet with data, or with message where data is nil; a client of
// version 4 gets a CONNECT_ERROR packet with both. Where it ends up in no
// namespace, or is turned away from the root, the connection ends. Then, unless
// back says that it may come back by itself, it is told not to.
func (c *Conn) Refuse(namespace, message string, data json.RawMessage, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.spaces.find([]byte(namespace))
	if s == nil || s.admitted {
		return
	}
	last := namespace == "/" || len(c.spaces) == 1
	if back || !last {
		c.sendLocked(c.refusal(namespace, message, data))
		c.partLocked(s, false)
		return
	}
	c.refused = &refused{message, data}
	c.turnAwayLocked(namespace)
	c.leaveLocked(s)
	c.injectLocked(bare(kindDisconnect, namespace))
	time.AfterFunc(lingering, func() { c.hangUp(ReasonServer) })
}

func (c *Conn) refusal(namespace, message string, data json.RawMessage) parcel {
	text, err := json.Marshal(message)
	if err == nil && c.version == 4 {
		text, err = json.Marshal(struct {
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		}{message, data})
	} else if data != nil {
		text = data
	}
	if err != nil {
		text = []byte(`""`)
	}
	return parcel{buffer: c.shared.pool.takeText("4" + prefix(kindError, namespace) + string(text))}
}
