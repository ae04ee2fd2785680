package wire

import (
	"io"
	"strconv"
	"strings"

	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/parser"
)

// plainAnswer encodes an acknowledgement of the most common types. It fails for all
// others.
func plainAnswer(pool *pool, a acknowledgement, values []any) (b *buffer, ok bool) {
	b = pool.buffer()
	b.bytes = append(b.bytes, '4', kindAck)
	if a.socket.name != "/" {
		b.bytes = append(append(b.bytes, a.socket.name...), ',')
	}
	b.bytes = append(strconv.AppendUint(b.bytes, a.id, 10), '[')
	for i, value := range values {
		if i > 0 {
			b.bytes = append(b.bytes, ',')
		}
		if b.bytes, ok = appendPlain(b.bytes, value); !ok {
			pool.release(b)
			return nil, false
		}
	}
	b.bytes = append(b.bytes, ']')
	return b, true
}

// appendPlain appends a value as JSON. It fails unless the type is a simple one.
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

// needsEscape reports whether a JSON string may need an escape for r. It is
// generous.
func needsEscape(r rune) bool {
	return r < ' ' || r >= 0x7f || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
}

// An ackEncoder encodes an acknowledgement with go-socket.io's own encoder, and
// keeps the frames.
type ackEncoder struct {
	pool    *pool
	parcels []parcel
	one     [1]parcel
}

// NextWriter implements parser.FrameWriter.
func (l *ackEncoder) NextWriter(ft session.FrameType) (io.WriteCloser, error) {
	if l.parcels == nil {
		l.parcels = l.one[:0]
	}
	b := l.pool.buffer()
	if binary := ft == session.BINARY; binary {
		b.bytes = append(b.bytes, binaryType)
		l.parcels = append(l.parcels, parcel{b, true})
	} else {
		b.bytes = append(b.bytes, '4')
		l.parcels = append(l.parcels, parcel{b, false})
	}
	return l, nil
}

func (l *ackEncoder) last() *buffer { return l.parcels[len(l.parcels)-1].buffer }

func (l *ackEncoder) Write(p []byte) (int, error) {
	b := l.last()
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

func (l *ackEncoder) WriteByte(one byte) error {
	b := l.last()
	b.bytes = append(b.bytes, one)
	return nil
}

// Close ends a frame.
func (l *ackEncoder) Close() error {
	if p := l.parcels[len(l.parcels)-1]; !p.binary {
		trimLine(p.buffer)
	}
	return nil
}

// write encodes an acknowledgement of any types that go-socket.io can encode.
func (l *ackEncoder) write(a acknowledgement, values []any) error {
	header := parser.Header{Type: parser.Ack, ID: a.id, NeedAck: true}
	if a.socket.name != "/" {
		header.Namespace = a.socket.name
	}
	return parser.NewEncoder(l).Encode(header, values)
}
