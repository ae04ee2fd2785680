package wire

import (
	"bytes"
	"io"
	"sync"
)

// binaryMark stands before a binary message: Engine.IO 3 sends it over
// websocket as the type of the packet, the others leave it out.
const binaryMark = 4

// A buffer holds one frame. Buffers are pooled.
type buffer struct{ bytes []byte }

// binary returns the message in a buffer that begins with binaryMark.
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

// maxPooled is the size of the largest buffer that is kept.
const maxPooled = 16 << 10

// A pool keeps what frames and messages are made of, for the next. Its zero value
// is empty.
type pool struct {
	buffers  sync.Pool // of *buffer
	messages sync.Pool // of *message
	writers  sync.Pool // of *writer
}

// take returns an empty buffer.
func (p *pool) take() *buffer {
	if b, ok := p.buffers.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

// release takes a buffer back that nobody uses any more; nil is allowed.
func (p *pool) release(b *buffer) {
	if b == nil || cap(b.bytes) > maxPooled {
		return
	}
	b.bytes = b.bytes[:0]
	p.buffers.Put(b)
}

// takeText returns a buffer with the given text.
func (p *pool) takeText(text string) *buffer {
	b := p.take()
	b.bytes = append(b.bytes, text...)
	return b
}

// A reader is a frame as go-socket.io reads it: it needs a ReadByte, or wraps
// the reader in one that has.
type reader struct{ bytes.Reader }

// Close implements io.Closer. The next NextReader takes the frame back.
func (*reader) Close() error { return nil }

// trimLine takes off what json.Encoder adds.
func trimLine(b *buffer) { b.bytes = bytes.TrimSuffix(b.bytes, []byte{'\n'}) }
