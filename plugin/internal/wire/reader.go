package wire

import (
	"bytes"
	"io"
	"strconv"

	engineframe "github.com/googollee/go-socket.io/engineio/frame"
	enginepacket "github.com/googollee/go-socket.io/engineio/packet"
)

// NextReader waits for the next packet for go-socket.io, and returns it.
func (c *Conn) NextReader() (engineframe.Type, enginepacket.Type, io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shared.pool.release(c.reading)
	c.reading = nil
	c.watchdog.stop()
	if c.in.attachments.len() == 0 {
		c.idle.end() // otherwise go-socket.io still reads the attachments of the event
	}
	for {
		if c.shut {
			return 0, 0, nil, io.EOF
		}
		if b, binary := c.nextLocked(); b != nil {
			c.reading = b
			c.idle.begin()
			if binary {
				c.reader.Reset(b.binary())
				return engineframe.Binary, enginepacket.MESSAGE, &c.reader, nil
			}
			c.reader.Reset(b.bytes)
			return engineframe.String, enginepacket.MESSAGE, &c.reader, nil
		}
		switch {
		case c.shut: // while it handled an event
		case c.reason != "":
			c.shared.leftovers.remove(c)
			return 0, 0, nil, io.EOF
		default:
			c.in.readable.Wait()
		}
	}
}

// nextLocked returns the next frame for go-socket.io, nil if there is none. It handles
// what comes before. c.mu is held, but not while an [EventHandler] runs.
func (c *Conn) nextLocked() (b *buffer, binary bool) {
	if b, ok := c.in.attachments.pop(); ok {
		return b, true
	}
	for !c.shut {
		c.acks.current = acknowledgement{}
		if b, ok := c.in.injected.pop(); ok {
			return b, false
		}
		m := c.in.pop()
		if m == nil {
			return nil, false
		}
		switch pass, handle := c.filterLocked(m); {
		case !pass:
			c.shared.pool.discard(m)
		case handle != nil:
			c.serveLocked(m, handle)
		default:
			return c.passLocked(m), false
		}
	}
	return nil, false
}

// passLocked returns a message's text for go-socket.io, and queues its attachments. c.mu
// is held.
func (c *Conn) passLocked(m *message) *buffer {
	b := c.shared.pool.buffer()
	b.bytes = m.packet.appendTo(b.bytes)
	for _, attachment := range m.binaries {
		c.in.attachments.push(attachment)
	}
	c.shared.pool.recycle(m)
	return b
}

// filterLocked handles a client's packet, and reports whether to pass it on: to handle,
// or to go-socket.io if that is nil. c.mu is held.
func (c *Conn) filterLocked(m *message) (pass bool, handle EventHandler) {
	p := &m.packet
	s := c.namespaces.find(p.namespace)
	switch p.kind {
	case kindConnect:
		return s == nil && c.namespaces.ask(string(p.namespace), string(p.query), bytes.Clone(p.data), m.known), nil
	case kindDisconnect:
		if s != nil {
			c.namespaces.leave(s)
		}
		return s != nil, nil
	case kindAck, kindBinaryAck:
		return s != nil && s.admitted, nil
	}
	if s == nil || !s.admitted && c.shared.gates.has(s.name) {
		return false, nil // without a gate, go-socket.io has admitted the client, and will say so soon
	}
	if s.answer != "" {
		if p.hasID {
			c.out.sendText("4" + prefix(kindAck, s.name) + strconv.FormatUint(p.id, 10) + s.answer)
		}
		return false, nil
	}
	c.acks.current = acknowledgement{socket: s, id: p.id, asked: p.hasID}
	handle = c.shared.gates.owner(s.name, p.name)
	if p.hasID && handle == nil {
		c.acks.await(c.acks.current)
	}
	return true, handle
}
