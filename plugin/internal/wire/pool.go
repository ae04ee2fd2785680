package wire

import "sync"

// maxPooled is the size of the largest buffer that the pool keeps.
const maxPooled = 16 << 10

// A pool keeps buffers, messages and writers for reuse. The zero value is ready to
// use.
type pool struct {
	buffers  sync.Pool // of *buffer
	messages sync.Pool // of *message
	writers  sync.Pool // of *writer
}

// buffer returns an empty buffer.
func (p *pool) buffer() *buffer {
	if b, ok := p.buffers.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

// release returns a buffer to the pool. nil is allowed.
func (p *pool) release(b *buffer) {
	if b == nil || b.cast != nil || cap(b.bytes) > maxPooled {
		return
	}
	b.bytes = b.bytes[:0]
	p.buffers.Put(b)
}

// text returns a buffer that holds a text.
func (p *pool) text(text string) *buffer {
	b := p.buffer()
	b.bytes = append(b.bytes, text...)
	return b
}
