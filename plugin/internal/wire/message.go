package wire

// A message is a Socket.IO packet that a client sent, with its attachments.
// Messages are pooled.
type message struct {
	packet   packet
	known    bool    // a CONNECT: the server has the namespace
	text     *buffer // what the packet aliases
	binaries []*buffer
	size     int
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
