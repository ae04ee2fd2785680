package wire

import (
	"bytes"
	"io"
)

// binaryType stands before a binary message: Engine.IO 3 sends it over
// websocket as the type of the packet, the others leave it out.
const binaryType = 4

// A buffer holds one frame. Buffers are pooled.
type buffer struct{ bytes []byte }

// binary returns the message in a buffer that begins with binaryType.
func (b *buffer) binary() []byte { return b.bytes[1:] }

// fill appends what r has, up to a number of bytes: what is compressed may be
// more than it seemed.
func (b *buffer) fill(r io.Reader, limit int) error {
	for {
		if len(b.bytes) == cap(b.bytes) {
			b.bytes = append(b.bytes, make([]byte, max(512, cap(b.bytes)))...)[:len(b.bytes)]
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

// A bufferReader is a frame as go-socket.io reads it: it needs a ReadByte, or wraps
// the reader in one that has.
type bufferReader struct{ bytes.Reader }

// Close implements io.Closer. The next NextReader takes the frame back.
func (*bufferReader) Close() error { return nil }

// trimLine takes off what json.Encoder adds.
func trimLine(b *buffer) { b.bytes = bytes.TrimSuffix(b.bytes, []byte{'\n'}) }
