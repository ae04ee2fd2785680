package wire

// A message is a Socket.IO packet from a client, with its attachments. Messages are
// pooled.
type message struct {
	packet   packet
	known    bool    // for a CONNECT: the server has the namespace
	text     *buffer // holds the memory of packet
	binaries []*buffer
	size     int
	held     int // while attachments are missing: the memory of those that are there
}

// message returns an empty message.
func (p *pool) message() *message {
	if m, ok := p.messages.Get().(*message); ok {
		return m
	}
	return new(message)
}

// discard releases a message with its attachments.
func (p *pool) discard(m *message) {
	for _, b := range m.binaries {
		p.release(b)
	}
	p.recycle(m)
}

// recycle releases a message without its attachments.
func (p *pool) recycle(m *message) {
	p.release(m.text)
	clear(m.binaries)
	*m = message{binaries: m.binaries[:0]}
	p.messages.Put(m)
}
