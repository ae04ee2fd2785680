package wire

import (
	"errors"
	"sync"
)

// A message is a Socket.IO packet that a client sent, with its attachments.
// Messages are pooled.
type message struct {
	packet   packet
	known    bool    // a CONNECT: the server has the namespace
	text     *buffer // what the packet aliases
	binaries []*buffer
	size     int
}

// An inbox holds what go-socket.io has not read yet. It is guarded by its
// connection's mu.
type inbox struct {
	arrived sync.Cond // something is there to be read, or never will
	taken   sync.Cond // there is room again, or never will

	partial  *message // waits for its attachments; guarded by receiving
	messages queue[*message]
	size     int  // of the messages, in bytes
	full     bool // a message waits until there is room

	injected queue[*buffer] // texts of our own, which go first
	rest     queue[*buffer] // the attachments of the packet that was read last
}

// put adds a whole message, and waits while the inbox is full.
func (c *Conn) put(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.reason == "" && c.in.fullFor(m, c.shared.options.MaxQueueBytes) {
		c.in.full = true
		c.in.taken.Wait()
		c.heartbeat.hear() // now it is listened to again
	}
	c.in.full = false
	if c.reason != "" {
		c.shared.pool.discard(m)
		return // nobody will read it
	}
	c.in.messages.push(m)
	c.in.size += m.size
	c.in.arrived.Signal()
}

func (in *inbox) fullFor(m *message, limit int) bool {
	n := in.messages.len()
	return n >= maxQueueLength || n > 0 && in.size+m.size > limit
}

// clear drops what was not read. The connection's mu is held.
func (in *inbox) clear(p *pool) {
	for m, ok := in.messages.pop(); ok; m, ok = in.messages.pop() {
		p.discard(m)
	}
	for _, q := range []*queue[*buffer]{&in.injected, &in.rest} {
		for b, ok := q.pop(); ok; b, ok = q.pop() {
			p.release(b)
		}
	}
	in.size = 0
}

// message returns an empty message.
func (p *pool) message() *message {
	if m, ok := p.messages.Get().(*message); ok {
		return m
	}
	return new(message)
}

// discard takes back a message that is not to be read, with its buffers.
func (p *pool) discard(m *message) {
	for _, b := range m.binaries {
		p.release(b)
	}
	p.recycle(m)
}

// recycle takes back a message whose attachments are somebody else's.
func (p *pool) recycle(m *message) {
	p.release(m.text)
	clear(m.binaries)
	*m = message{binaries: m.binaries[:0]}
	p.messages.Put(m)
}

// nextLocked returns the next frame for go-socket.io, nil when there is none.
func (c *Conn) nextLocked() (b *buffer, binary bool) {
	if b, ok := c.in.rest.pop(); ok {
		return b, true
	}
	c.current = acknowledgement{}
	for {
		if b, ok := c.in.injected.pop(); ok {
			return b, false
		}
		m, ok := c.in.messages.pop()
		if !ok {
			return nil, false
		}
		c.in.size -= m.size
		c.in.taken.Signal()
		if !c.passLocked(m) {
			c.shared.pool.discard(m)
			continue
		}
		b := c.shared.pool.take()
		b.bytes = m.packet.appendTo(b.bytes)
		for _, attachment := range m.binaries {
			c.in.rest.push(attachment)
		}
		c.shared.pool.recycle(m)
		return b, false
	}
}

// injectLocked lets go-socket.io read a packet of our own before anything else.
// c.mu is held.
func (c *Conn) injectLocked(text string) {
	c.in.injected.push(c.shared.pool.takeText(text))
	c.in.arrived.Signal()
}

var (
	errUnexpectedBinary = errors.New("binary data that no packet announced")
	errMissingBinary    = errors.New("attachments are missing")
	errTooMuch          = errors.New("a message with its attachments is too large")
)

// receiveText takes a message in. It owns b, which holds the packet's text
// from its second byte on.
func (c *Conn) receiveText(b *buffer) error {
	p, err := c.shared.guard.parse(b.bytes[1:])
	if err != nil {
		return err
	}
	if c.in.partial != nil {
		return errMissingBinary
	}
	if p.kind == kindConnect && p.data != nil {
		if err := checkAuth(p.data); err != nil {
			return err
		}
	}
	m := c.shared.pool.message()
	m.packet, m.text, m.size = p, b, len(b.bytes)
	if p.kind == kindConnect {
		m.known = c.shared.knows(string(p.namespace)) // not under mu
	}
	if p.attachments > 0 {
		c.in.partial = m
		return nil
	}
	c.put(m)
	return nil
}

// receiveBinary takes an attachment in. It owns b.
func (c *Conn) receiveBinary(b *buffer) error {
	m := c.in.partial
	if m == nil {
		return errUnexpectedBinary
	}
	m.binaries = append(m.binaries, b)
	m.size += len(b.bytes)
	if m.size > c.shared.options.MaxQueueBytes {
		return errTooMuch
	}
	if len(m.binaries) == m.packet.attachments {
		c.in.partial = nil
		c.put(m)
	}
	return nil
}
