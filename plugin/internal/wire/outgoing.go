package wire

import (
	"bytes"
	"time"
)

// A draft is a packet that go-socket.io is writing: its attachments are yet to
// come.
type draft struct {
	parcels []parcel
	missing int
}

// writeMessage takes a frame of go-socket.io's.
func (c *Conn) writeMessage(p parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case p.binary && c.draft.missing == 0:
		c.shared.pool.release(p.buffer)
	case p.binary:
		c.draft.parcels = append(c.draft.parcels, p)
		if c.draft.missing--; c.draft.missing == 0 {
			c.deliverLocked(c.draft.parcels)
			c.draft = draft{}
		}
	default:
		c.writeTextLocked(p)
	}
}

func (c *Conn) writeTextLocked(p parcel) {
	head := readHead(p.buffer.bytes[1:])
	switch {
	case head.kind == kindConnect:
		c.connectLocked(head)
		c.shared.pool.release(p.buffer)
	case head.empty:
		c.shared.pool.release(p.buffer) // it has failed to encode the data, and says so to OnError
	case head.kind == kindEvent && bytes.HasSuffix(p.buffer.bytes, []byte(jsonAnswerEvent)):
		c.shared.pool.release(p.buffer)
		if answer, ok := c.answers.pop(); ok && answer != nil {
			c.dispatchLocked(answer)
		}
	case head.attachments > 0:
		c.draft = draft{parcels: []parcel{p}, missing: head.attachments}
	default:
		one := [1]parcel{p}
		c.deliverLocked(one[:])
	}
}

// connectLocked hears that go-socket.io has entered a namespace. The first is
// the root, which nobody has asked for yet; clients of version 3 do so by
// connecting.
func (c *Conn) connectLocked(head head) {
	if !c.taken.Load() {
		c.take()
		c.enterLocked()
		switch {
		case c.reason != "":
		case c.version == 3:
			c.askLocked("/", c.handshake.url.RawQuery, nil, true)
		default:
			c.early = &early{since: time.Now()}
		}
		c.kickLocked()
		return
	}
	if s := c.spaces.find(head.namespace); s != nil && !s.admitted && !c.shared.gates.has(s.name) {
		c.admitLocked(s)
	}
}

// deliverLocked is dispatchLocked for what go-socket.io writes: it drops
// acknowledgements that nobody has asked for. c.mu is held.
func (c *Conn) deliverLocked(parcels []parcel) {
	head := readHead(parcels[0].buffer.bytes[1:])
	if head.answers() && (!head.hasID || !c.answerLocked(c.spaces.find(head.namespace), head.id)) {
		c.dropLocked(parcels)
		return
	}
	c.dispatchLocked(parcels)
}

func (c *Conn) dropLocked(parcels []parcel) {
	for _, p := range parcels {
		c.shared.pool.release(p.buffer)
	}
}

// dispatchLocked sends a packet, or holds it until its namespace is admitted, or
// drops it where the client is not there, or was sent out. c.mu is held.
func (c *Conn) dispatchLocked(parcels []parcel) {
	head := readHead(parcels[0].buffer.bytes[1:])
	s := c.spaces.find(head.namespace)
	switch {
	case s == nil && c.early != nil && len(c.spaces) == 0 && bytes.Equal(head.namespace, rootName):
		c.holdLocked(parcels)
	case s == nil || s.over != "" && !head.answers():
		c.dropLocked(parcels)
	case s.admitted:
		c.sendLocked(parcels...)
	default:
		for _, p := range parcels {
			s.size += p.size()
		}
		s.held = append(s.held, parcels...)
		if s.size > c.shared.options.MaxQueueBytes {
			c.violateLocked(errSlow)
		}
	}
}

// trimLine takes off what json.Encoder adds.
func trimLine(b *buffer) { b.bytes = bytes.TrimSuffix(b.bytes, []byte{'\n'}) }
