package transport

import (
	"errors"
	"io"

	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/parser"
)

// An acknowledgement is one that a client may have asked for.
type acknowledgement struct {
	space *space
	id    uint64
	asked bool
}

// awaitLocked notes an event. At most the last one and the one before are
// still to be acknowledged, but go-socket.io v1.7.0 leaves some out.
func (c *Conn) awaitLocked(a acknowledgement) {
	copy(c.awaited[1:], c.awaited[:])
	c.awaited[0] = a
}

// answerLocked tells whether an acknowledgement was asked for and not given,
// and notes that it is given: go-socket.io also answers who has not asked.
func (c *Conn) answerLocked(s *space, id uint64) bool {
	for i, a := range c.awaited {
		if a.asked && a.space == s && a.id == id {
			c.awaited[i].asked = false
			return true
		}
	}
	return false
}

// Acknowledge answers the event that is handled with the given values, which
// are encoded as go-socket.io encodes results. It does nothing when the client
// has not asked. It is to be called by the handler.
func (c *Conn) Acknowledge(values ...any) error {
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	if !current.asked {
		return nil
	}
	header := parser.Header{Type: parser.Ack, ID: current.id, NeedAck: true}
	if current.space.name != "/" {
		header.Namespace = current.space.name
	}
	if values == nil {
		values = []any{}
	}
	w := &letter{conn: c}
	if err := parser.NewEncoder(w).Encode(header, values); err != nil {
		return err
	}
	return w.post()
}

// A letter is a packet that is written as a whole, beside what go-socket.io
// writes.
type letter struct {
	conn    *Conn
	parcels []parcel
	one     [1]parcel
}

// NextWriter implements parser.FrameWriter.
func (l *letter) NextWriter(ft session.FrameType) (io.WriteCloser, error) {
	if l.parcels == nil {
		l.parcels = l.one[:0]
	}
	b := l.conn.wire.take()
	if binary := ft == session.BINARY; binary {
		b.bytes = append(b.bytes, binaryMark)
		l.parcels = append(l.parcels, parcel{b, true})
	} else {
		b.bytes = append(b.bytes, '4')
		l.parcels = append(l.parcels, parcel{b, false})
	}
	return l, nil
}

func (l *letter) last() *buffer { return l.parcels[len(l.parcels)-1].buffer }

func (l *letter) Write(p []byte) (int, error) {
	b := l.last()
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

func (l *letter) WriteByte(one byte) error {
	b := l.last()
	b.bytes = append(b.bytes, one)
	return nil
}

// Close ends a frame.
func (l *letter) Close() error {
	if p := l.parcels[len(l.parcels)-1]; !p.binary {
		trimLine(p.buffer)
	}
	return nil
}

func (l *letter) post() error {
	c := l.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return errors.New("transport: the connection has ended")
	}
	c.deliverLocked(l.parcels)
	return nil
}
