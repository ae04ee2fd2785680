package wire

import (
	"io"

	"github.com/googollee/go-socket.io/engineio/session"
)

// A frameEncoder is what go-socket.io's own encoder writes a packet to. It keeps the
// frames.
type frameEncoder struct {
	pool    *pool
	parcels []parcel
	one     [1]parcel
}

// NextWriter implements parser.FrameWriter.
func (e *frameEncoder) NextWriter(ft session.FrameType) (io.WriteCloser, error) {
	if e.parcels == nil {
		e.parcels = e.one[:0]
	}
	b := e.pool.buffer()
	if binary := ft == session.BINARY; binary {
		b.bytes = append(b.bytes, binaryType)
		e.parcels = append(e.parcels, parcel{b, true})
	} else {
		b.bytes = append(b.bytes, '4')
		e.parcels = append(e.parcels, parcel{b, false})
	}
	return e, nil
}

func (e *frameEncoder) last() *buffer { return e.parcels[len(e.parcels)-1].buffer }

func (e *frameEncoder) Write(p []byte) (int, error) {
	b := e.last()
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

// WriteByte implements io.ByteWriter.
func (e *frameEncoder) WriteByte(one byte) error {
	b := e.last()
	b.bytes = append(b.bytes, one)
	return nil
}

// Close ends a frame.
func (e *frameEncoder) Close() error {
	if p := e.parcels[len(e.parcels)-1]; !p.binary {
		trimLine(p.buffer)
	}
	return nil
}
