package wire

import "errors"

var (
	errUnexpectedBinary = errors.New("binary data that no packet announced")
	errMissingBinary    = errors.New("attachments are missing")
	errTooMuch          = errors.New("a message with its attachments is too large")
)

// An assembler makes messages from frames: it checks each packet and adds its
// attachments. The connection's receiving guards it.
type assembler struct {
	shared  *shared
	held    *held    // the size of partial, among others
	partial *message // waits for its attachments
}

// text handles a text frame of type message. It owns b. It returns the message, or
// nil if attachments must follow.
func (a *assembler) text(b *buffer) (*message, error) {
	p, err := a.shared.guard.parse(b.bytes[1:])
	if err != nil {
		return nil, err
	}
	if a.partial != nil {
		return nil, errMissingBinary
	}
	if p.kind == kindConnect && p.data != nil {
		if err := checkAuth(p.data); err != nil {
			return nil, err
		}
	}
	m := a.shared.pool.message()
	m.packet, m.text, m.size = p, b, len(b.bytes)
	if p.kind == kindConnect {
		m.known = a.shared.knows(string(p.namespace)) // which waits; mu is not held
	}
	if p.attachments > 0 {
		a.partial = m
		a.hold(m, b)
		return nil, nil
	}
	return m, nil
}

// hold counts the memory of a part of a message that is not complete.
func (a *assembler) hold(m *message, part *buffer) {
	m.held += cap(part.bytes)
	a.held.add(cap(part.bytes))
}

// binary handles an attachment. It owns b. It returns the message, or nil if more
// attachments must follow.
func (a *assembler) binary(b *buffer) (*message, error) {
	m := a.partial
	if m == nil {
		return nil, errUnexpectedBinary
	}
	m.binaries = append(m.binaries, b)
	m.size += len(b.bytes)
	a.hold(m, b)
	if m.size > a.shared.options.MaxQueueBytes {
		return nil, errTooMuch
	}
	if len(m.binaries) < m.packet.attachments {
		return nil, nil
	}
	a.partial = nil
	a.held.add(-m.held)
	return m, nil
}
