package wire

import (
	"bytes"
	"io"
	"time"

	engineframe "github.com/googollee/go-socket.io/engineio/frame"
	enginepacket "github.com/googollee/go-socket.io/engineio/packet"
)

// A writer is one frame that go-socket.io writes. Writers are pooled.
type writer struct {
	conn   *Conn
	kind   enginepacket.Type
	binary bool
	buffer *buffer
}

// writer returns an empty writer.
func (p *pool) writer() *writer {
	if w, ok := p.writers.Get().(*writer); ok {
		return w
	}
	return new(writer)
}

// NextWriter returns a writer for the next packet. It never waits: Close queues the
// packet. It also accepts the root's CONNECT on a connection that has ended;
// otherwise go-socket.io would never remove that connection.
func (c *Conn) NextWriter(ft engineframe.Type, kind enginepacket.Type) (io.WriteCloser, error) {
	if c.established.Load() && c.isEnding() {
		return nil, io.EOF
	}
	w := c.shared.pool.writer()
	w.conn, w.kind, w.binary, w.buffer = c, kind, ft == engineframe.Binary, c.shared.pool.buffer()
	switch {
	case w.binary:
		w.buffer.bytes = append(w.buffer.bytes, binaryType)
	default:
		w.buffer.bytes = append(w.buffer.bytes, kind.StringByte())
	}
	return w, nil
}

func (w *writer) Write(p []byte) (int, error) {
	w.buffer.bytes = append(w.buffer.bytes, p...)
	return len(p), nil
}

// WriteByte implements io.ByteWriter, so that go-socket.io needs no bufio.Writer.
func (w *writer) WriteByte(b byte) error {
	w.buffer.bytes = append(w.buffer.bytes, b)
	return nil
}

// Close queues the frame.
func (w *writer) Close() error {
	c, b, kind, binary := w.conn, w.buffer, w.kind, w.binary
	*w = writer{}
	c.shared.pool.writers.Put(w)
	switch kind {
	case enginepacket.OPEN:
		return c.writeOpen(b)
	case enginepacket.MESSAGE:
		if !binary {
			trimLine(b)
		}
		c.writeMessage(parcel{b, binary})
	default:
		c.shared.pool.release(b) // go-socket.io never sees a packet that it would answer with one of these
	}
	return nil
}

// writeMessage handles a frame that go-socket.io has written.
func (c *Conn) writeMessage(p parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case p.binary && c.partial.missing == 0:
		c.shared.pool.release(p.buffer)
	case p.binary:
		if whole := c.partial.add(p); whole != nil {
			c.deliverLocked(whole)
		}
	default:
		c.writeTextLocked(p)
	}
}

// writeTextLocked is writeMessage for a text frame, with c.mu held.
func (c *Conn) writeTextLocked(p parcel) {
	head := readHeader(p.buffer.bytes[1:])
	switch {
	case head.kind == kindConnect:
		c.connectLocked(head)
		c.shared.pool.release(p.buffer)
	case head.empty:
		c.shared.pool.release(p.buffer) // go-socket.io could not encode the data, and tells OnError
	case head.kind == kindEvent && bytes.HasSuffix(p.buffer.bytes, []byte(answerEventJSON)):
		c.shared.pool.release(p.buffer)
		answer, _ := c.acks.answers.pop()
		c.namespaces.dispatchAll(answer)
	case head.attachments > 0:
		c.partial.begin(p, head.attachments)
	default:
		one := [1]parcel{p}
		c.deliverLocked(one[:])
	}
}

// connectLocked handles a CONNECT of go-socket.io: it has entered a namespace. The
// first one is the root's. A client of version 3 asks for the root by connecting,
// one of version 4 has not asked for it yet. c.mu is held.
func (c *Conn) connectLocked(head header) {
	if c.established.Load() {
		if s := c.namespaces.find(head.namespace); s != nil && !s.admitted && !c.shared.gates.has(s.name) {
			c.namespaces.admit(s)
		}
		return
	}
	c.establish()
	if c.reason == "" && !c.shared.gates.has("/") {
		c.watchdog.start(c.shared.options.PingTimeout, c.endStuck)
	}
	switch {
	case c.reason != "":
	case c.version == 3:
		c.namespaces.ask("/", c.handshake.url.RawQuery, nil, true)
	default:
		c.namespaces.rootBacklog = &rootBacklog{since: time.Now()}
	}
	c.out.sendNow()
}

// deliverLocked dispatches a packet of go-socket.io. It drops acknowledgements that
// the client has not asked for. c.mu is held.
func (c *Conn) deliverLocked(parcels []parcel) {
	head := readHeader(parcels[0].buffer.bytes[1:])
	if head.answers() && (!head.hasID || !c.acks.given(c.namespaces.find(head.namespace), head.id)) {
		c.shared.pool.drop(parcels)
		return
	}
	c.namespaces.dispatch(parcels)
}
