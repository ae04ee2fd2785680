package wire

import (
	"bytes"
	"io"
)

// binaryType is the first byte of every buffer with a binary message. It is the
// packet type that Engine.IO 3 sends over websocket; version 4 and polling have
// none.
const binaryType = 4

// A buffer holds one frame. Buffers are pooled, but for those of a Cast.
type buffer struct {
	bytes []byte
	cast  *castFrame // nil unless many clients get the frame
}

// binary returns the message in a buffer that begins with binaryType.
func (b *buffer) binary() []byte { return b.bytes[1:] }

// fill appends everything from r. It fails beyond limit bytes, which a compressed
// message may reach unannounced. Memory that it needs counts as held until it returns.
func (b *buffer) fill(r io.Reader, limit int, held *held) error {
	more := 0
	defer func() { held.add(-more) }()
	for {
		if len(b.bytes) == cap(b.bytes) {
			grown := max(512, cap(b.bytes))
			b.bytes = append(b.bytes, make([]byte, grown)...)[:len(b.bytes)]
			more += grown
			held.add(grown)
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		switch {
		case len(b.bytes) > limit:
			return errTooLong
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// A bufferReader reads a frame for go-socket.io. It has a ReadByte, so that
// go-socket.io needs no bufio.Reader.
type bufferReader struct{ bytes.Reader }

// Close implements io.Closer. NextReader releases the buffer.
func (*bufferReader) Close() error { return nil }

// trimLine removes the line feed of json.Encoder.
func trimLine(b *buffer) { b.bytes = bytes.TrimSuffix(b.bytes, []byte{'\n'}) }
