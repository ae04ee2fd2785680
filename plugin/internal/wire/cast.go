package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/googollee/go-socket.io/parser"
	"github.com/gorilla/websocket"
)

// A Cast is an event for many clients, encoded once. It does not change, and is safe for
// concurrent use.
type Cast struct {
	parcels []parcel
	data    json.RawMessage
}

// A castFrame is one frame of a Cast, as it goes over a websocket.
type castFrame struct {
	plain, typed prepared
	queues       atomic.Int32 // how many it waits in
}

// prepared is a frame with the head that a websocket wants. The zero value is not made
// yet.
type prepared struct {
	once  sync.Once
	bytes []byte

	// For clients that may want it compressed.
	packing sync.Once
	message *websocket.PreparedMessage
	err     error
}

// NewCast encodes an event for a namespace, as go-socket.io encodes what is emitted.
func NewCast(namespace, event string, args []any) (*Cast, error) {
	e := &frameEncoder{pool: new(pool)}
	err := parser.NewEncoder(e).Encode(parser.Header{Type: parser.Event}, append([]any{event}, args...))
	if err != nil {
		return nil, err
	}
	text := e.parcels[0].buffer.bytes
	attachments := make([][]byte, 0, len(e.parcels)-1)
	for _, p := range e.parcels[1:] {
		attachments = append(attachments, p.buffer.binary())
	}
	return CastOf(namespace, text[bytes.IndexByte(text, '['):], attachments), nil
}

// CastOf returns the Cast with this data, a JSON array of the event's name and its
// arguments.
func CastOf(namespace string, data json.RawMessage, attachments [][]byte) *Cast {
	head := "4" + prefix(kindEvent, namespace)
	if n := len(attachments); n > 0 {
		head = "4" + string(kindBinaryEvent) + strconv.Itoa(n) + "-" + prefix(kindEvent, namespace)[1:]
	}
	text := append(append(make([]byte, 0, len(head)+len(data)), head...), data...)
	c := &Cast{parcels: []parcel{castParcel(text, false)}, data: text[len(head):]}
	for _, attachment := range attachments {
		c.parcels = append(c.parcels, castParcel(append([]byte{binaryType}, attachment...), true))
	}
	return c
}

func castParcel(b []byte, binary bool) parcel {
	return parcel{&buffer{bytes: b, cast: new(castFrame)}, binary}
}

// Data returns the event's name and its arguments, as a JSON array.
func (e *Cast) Data() json.RawMessage { return e.data }

// Attachments returns the binaries of the event, nil for none.
func (e *Cast) Attachments() (all [][]byte) {
	for _, p := range e.parcels[1:] {
		all = append(all, p.buffer.binary())
	}
	return all
}

// transmit writes the frame to a client's websocket: past gorilla's Conn, which would lock
// and look the frame up for each client.
func (f *castFrame) transmit(s *sender, p parcel) error {
	form, kind, data := &f.plain, byte(websocket.TextMessage), p.buffer.bytes
	if p.binary {
		kind, data = websocket.BinaryMessage, p.buffer.binary()
		if s.version == 3 {
			form, data = &f.typed, p.buffer.bytes
		}
	}
	if s.shared.options.Compression {
		form.packing.Do(func() { form.message, form.err = websocket.NewPreparedMessage(int(kind), data) })
		if form.err != nil {
			return form.err
		}
		return s.ws.WritePreparedMessage(form.message)
	}
	form.once.Do(func() { form.bytes = appendWebsocketFrame(nil, kind, data) })
	_, err := s.stream.Write(form.bytes)
	return err
}

// Cast sends an event, as soon as the client is in the namespace; never if it is not
// there and has not asked for it. It does not wait. emitted says that something was
// emitted to the client since the last Cast, which the event must follow; Cast makes it
// false. Then Cast asks for a call of [Conn.Mark].
func (c *Conn) Cast(e *Cast, emitted *atomic.Bool) (mark bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case emitted.Swap(false): // under the lock: what comes next must see the entry
		c.acks.answers.push(e.parcels)
		c.marks.Add(1)
		return true
	case c.acks.answers.len() > 0:
		last := c.acks.answers.last()
		*last = append(slices.Clip(*last), e.parcels...)
	default:
		c.out.lazy = true
		c.namespaces.dispatch(e.parcels)
		c.out.lazy = false
	}
	return false
}

// Mark emits the placeholders that Casts have asked for. Call it before anything else is
// emitted, in any namespace. emit is as for [Conn.AcknowledgeBehind].
func (c *Conn) Mark(emit func(event string, args ...any)) {
	if c.marks.Load() == 0 {
		return
	}
	c.marking.Lock()
	defer c.marking.Unlock()
	for ; c.marks.Load() > 0; c.marks.Add(-1) {
		emit(answerEvent)
	}
}
