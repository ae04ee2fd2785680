package wire

import (
	"encoding/binary"
	"slices"
)

// appendWebsocketFrame appends a message as a server sends it: in one frame, not masked (RFC
// 6455, section 5.2). Written to a stream, which keeps frames whole, it costs a fraction of
// what gorilla's Conn takes.
func appendWebsocketFrame(b []byte, kind byte, data []byte) []byte {
	const final, two, eight, head = 1 << 7, 126, 127, 10 // two and eight bytes of length follow
	b = append(slices.Grow(b, head+len(data)), final|kind)
	switch n := len(data); {
	case n < two:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, two), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, eight), uint64(n))
	}
	return append(b, data...)
}
