package wire

import (
	"strconv"
	"strings"

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

// encode encodes an acknowledgement of any types that go-socket.io can encode.
func encode(pool *pool, a acknowledgement, values []any) ([]parcel, error) {
	header := parser.Header{Type: parser.Ack, ID: a.id, NeedAck: true}
	if a.socket.name != "/" {
		header.Namespace = a.socket.name
	}
	e := &frameEncoder{pool: pool}
	err := parser.NewEncoder(e).Encode(header, values)
	return e.parcels, err
}
