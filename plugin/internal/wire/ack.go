package wire

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/parser"
)

// An acknowledgement is one that a client may have asked for.
type acknowledgement struct {
	space *space
	id    uint64
	asked bool
}

// maxAwaited is how many acknowledgements of go-socket.io's are remembered as
// asked for. It gives them late, and v1.7.0 leaves some out.
const maxAwaited = 256

// awaitLocked notes that go-socket.io is to acknowledge an event. c.mu is held.
func (c *Conn) awaitLocked(a acknowledgement) {
	if len(c.awaited) == maxAwaited {
		c.awaited = slices.Delete(c.awaited, 0, maxAwaited/2)
	}
	c.awaited = append(c.awaited, a)
}

// answerLocked tells whether an acknowledgement was asked for and not given,
// and notes that it is given: go-socket.io also answers who has not asked.
func (c *Conn) answerLocked(s *space, id uint64) bool {
	for i, a := range c.awaited {
		if a.space == s && a.id == id {
			c.awaited = slices.Delete(c.awaited, i, i+1)
			return true
		}
	}
	return false
}

// Acknowledge answers the event that is handled, one of [Wire.Own], with the
// given values, which are encoded as go-socket.io encodes results. It does
// nothing when the client has not asked, or was answered. It is to be called by
// the handler.
func (c *Conn) Acknowledge(values ...any) error {
	_, err := c.acknowledge(values, false)
	return err
}

// AnswerEvent is what [Conn.AcknowledgeBehind] and [Conn.Flush] emit. Clients
// never get it.
const AnswerEvent = "\x00answer"

// jsonAnswerEvent is AnswerEvent in an event packet.
const jsonAnswerEvent = `["\u0000answer"]`

// AcknowledgeBehind is [Conn.Acknowledge] behind what the handler has emitted,
// which go-socket.io writes in a goroutine of its own. emit is the Emit of the
// handler's connection: what it emits takes its place among the others, and is
// then replaced.
func (c *Conn) AcknowledgeBehind(emit func(event string, args ...any), values ...any) error {
	waits, err := c.acknowledge(values, true)
	if waits {
		emit(AnswerEvent)
	}
	return err
}

// Asked tells whether the client waits for the acknowledgement of the event that
// is handled.
func (c *Conn) Asked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current.asked
}

// Answering tells whether an acknowledgement still waits for what was emitted
// before: the next one must go behind it.
func (c *Conn) Answering() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers.len() > 0
}

// Flush returns when go-socket.io has written what was emitted before. emit is as
// for AcknowledgeBehind.
func (c *Conn) Flush(emit func(event string, args ...any)) {
	c.mu.Lock()
	c.answers.push(nil)
	c.mu.Unlock()
	emit(AnswerEvent) // is taken from Emit when the one before is written
}

// acknowledge sends the answer, or with behind lets it wait for AnswerEvent. It
// tells whether it waits.
func (c *Conn) acknowledge(values []any, behind bool) (waits bool, err error) {
	c.mu.Lock()
	current := c.current
	c.mu.Unlock()
	if !current.asked {
		return false, nil
	}
	var one [1]parcel
	parcels := one[:]
	if b, ok := c.plainAnswer(current, values); ok {
		one[0].buffer = b
	} else {
		w := &letter{conn: c}
		if err := w.write(current, values); err != nil {
			return false, err
		}
		parcels = w.parcels
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current.asked = false // not before: the handler may answer what cannot be encoded by something else
	if behind {
		c.answers.push(slices.Clone(parcels))
		return true, nil
	}
	c.dispatchLocked(parcels)
	return false, nil
}

// plainAnswer encodes the commonest values, which hold no binaries.
func (c *Conn) plainAnswer(a acknowledgement, values []any) (b *buffer, ok bool) {
	b = c.shared.pool.take()
	b.bytes = append(b.bytes, '4', kindAck)
	if a.space.name != "/" {
		b.bytes = append(append(b.bytes, a.space.name...), ',')
	}
	b.bytes = append(strconv.AppendUint(b.bytes, a.id, 10), '[')
	for i, value := range values {
		if i > 0 {
			b.bytes = append(b.bytes, ',')
		}
		if b.bytes, ok = appendPlain(b.bytes, value); !ok {
			c.shared.pool.release(b)
			return nil, false
		}
	}
	b.bytes = append(b.bytes, ']')
	return b, true
}

// appendPlain appends a value as JSON, if that is simple.
func appendPlain(b []byte, value any) ([]byte, bool) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	case string:
		if strings.ContainsFunc(v, needsEscape) {
			return b, false
		}
		return append(append(append(b, '"'), v...), '"'), true
	}
	return b, false
}

// needsEscape is generous: what it passes is itself in every JSON string.
func needsEscape(r rune) bool {
	return r < ' ' || r >= 0x7f || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
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
	b := l.conn.shared.pool.take()
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

// write encodes an acknowledgement with all that go-socket.io can encode.
func (l *letter) write(a acknowledgement, values []any) error {
	header := parser.Header{Type: parser.Ack, ID: a.id, NeedAck: true}
	if a.space.name != "/" {
		header.Namespace = a.space.name
	}
	return parser.NewEncoder(l).Encode(header, values)
}
