package wire

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/gorilla/websocket"
)

// smallFrame is the size of frames that are copied to be sent together: for larger ones
// that costs more than it saves.
const smallFrame = 4 << 10

// transmitSome writes a frame, or several with one call of the kernel.
func (s *sender) transmitSome() (err error) {
	if s.queue.parcels.len() == 1 || s.queue.next().size() > smallFrame {
		return s.transmitNext()
	}
	s.stream.cork()
	for err == nil && s.queue.parcels.len() > 0 && s.queue.next().size() <= smallFrame && !s.stream.behind() {
		err = s.transmitNext()
	}
	return cmp.Or(err, s.stream.uncork())
}

// transmitNext takes a frame from the queue, which is not empty, and writes it.
func (s *sender) transmitNext() error {
	p, _ := s.queue.pop()
	defer s.shared.pool.release(p.buffer)
	return s.transmit(p)
}

// transmit writes one frame to the websocket. A small one it copies past gorilla's Conn.
func (s *sender) transmit(p parcel) error {
	if p.buffer.cast != nil {
		return p.buffer.cast.transmit(s, p)
	}
	kind, data := websocket.TextMessage, p.buffer.bytes
	if p.binary {
		kind = websocket.BinaryMessage
		if s.version == 4 {
			data = p.buffer.binary()
		}
	}
	if s.shared.options.Compression || len(data) > smallFrame {
		s.stream.setParts(true)
		defer s.stream.setParts(false)
		return s.ws.WriteMessage(kind, data)
	}
	copied := s.shared.pool.buffer()
	defer s.shared.pool.release(copied)
	copied.bytes = appendWebsocketFrame(copied.bytes, byte(kind), data)
	_, err := s.stream.Write(copied.bytes)
	return err
}

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
