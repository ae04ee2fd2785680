package wire

import (
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// socket returns the websocket that the connection uses, nil while it polls.
func (c *Conn) socket() *websocket.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ws
}

// pump takes in what comes over a websocket, until that ends.
func (c *Conn) pump(ws *websocket.Conn) {
	for {
		b, binary, err := c.read(ws)
		if err != nil && !errors.Is(err, errTooLong) {
			c.lose(ReasonClosed)
			return
		}
		if err == nil {
			err = c.receive(b, binary)
		}
		if err != nil {
			c.violate(err)
			return
		}
	}
}

// read returns the next frame. A binary one begins with binaryMark.
func (c *Conn) read(ws *websocket.Conn) (b *buffer, binary bool, err error) {
	kind, r, err := ws.NextReader()
	if err != nil {
		return nil, false, tooLong(err)
	}
	b, binary = c.shared.pool.take(), kind == websocket.BinaryMessage
	if binary && c.version == 4 {
		b.bytes = append(b.bytes, binaryMark)
	}
	if err := b.fill(r, c.shared.options.MaxMessageBytes+1); err != nil {
		c.shared.pool.release(b)
		return nil, false, tooLong(err)
	}
	return b, binary, nil
}

// tooLong names the error of a message that is longer than limit allows.
func tooLong(err error) error {
	if errors.Is(err, websocket.ErrReadLimit) {
		return errTooLong
	}
	return err
}

// receive takes one frame in. It owns b.
func (c *Conn) receive(b *buffer, binary bool) error {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	c.heartbeat.hear()
	switch {
	case len(b.bytes) == 0:
		return errEmptyFrame
	case binary && b.bytes[0] != binaryMark:
		return errFrameType
	case binary:
		return c.receiveBinary(b)
	case b.bytes[0] == '4':
		return c.receiveText(b)
	}
	defer c.shared.pool.release(b)
	return c.receiveSignal(b.bytes)
}

const errHeartbeat = malformed("heartbeat in the wrong direction, or too long")

// receiveSignal takes in a packet that is not a message.
func (c *Conn) receiveSignal(text []byte) error {
	switch text[0] {
	case '1':
		c.lose(ReasonClosed)
	case '2':
		if c.version == 4 || len(text) > 125 {
			return errHeartbeat
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.reason == "" {
			c.sendTextLocked("3" + string(text[1:]))
		}
	case '3', '5', '6': // a pong is heard, the others come late or say nothing
	default:
		return errFrameType
	}
	return nil
}

// use makes ws the wire, unless the connection has ended.
func (c *Conn) use(ws *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disposed {
		_ = ws.Close()
	}
	c.useLocked(ws)
}

// useLocked is use for who holds c.mu.
func (c *Conn) useLocked(ws *websocket.Conn) {
	c.ws = ws
	c.stream = ws.NetConn().(*stream)
}

// drainLocked sends what is queued, for as long as the client takes it, and
// closes a connection that is to end. c.mu is held.
func (c *Conn) drainLocked() {
	for !c.stream.behind() {
		p, ok := c.out.pop()
		if !ok {
			if c.ending && !c.parted {
				c.sayGoodbyeLocked()
			}
			return
		}
		err := c.transmitLocked(p)
		c.shared.pool.release(p.buffer)
		if err != nil {
			c.closeLocked(ReasonError)
			c.ending, c.parted = true, true
			go c.dispose() // which needs c.mu
			return
		}
	}
}

// goodbye is how long a client has to answer our close frame. To close at once
// would meet its answer with a reset, which can cost it the last frames.
const goodbye = time.Second

// sayGoodbyeLocked ends a websocket: pump disposes of the connection when the
// client has answered. c.mu is held.
func (c *Conn) sayGoodbyeLocked() {
	c.parted = true
	message := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(goodbye)) != nil {
		go c.dispose() // which needs c.mu
		return
	}
	c.endInLocked(goodbye)
}

// transmitLocked writes one frame. c.mu is held.
func (c *Conn) transmitLocked(p parcel) error {
	switch {
	case !p.binary:
		return c.ws.WriteMessage(websocket.TextMessage, p.buffer.bytes)
	case c.version == 3:
		return c.ws.WriteMessage(websocket.BinaryMessage, p.buffer.bytes)
	default:
		return c.ws.WriteMessage(websocket.BinaryMessage, p.buffer.binary())
	}
}

// serveUpgrade lets a polling client try a websocket, and move to it.
func (c *Conn) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	free := c.ws == nil && !c.probing && c.reason == "" && c.taken.Load()
	c.probing = c.probing || free
	c.mu.Unlock()
	if !free {
		fail(w, http.StatusBadRequest, codeBadRequest)
		return
	}
	ws, err := c.shared.upgrader.Upgrade(hijacker{w, c}, r, nil)
	if err != nil {
		c.giveUp(nil)
		return // it has answered
	}
	go c.probe(c.shared.limit(ws)) // ends with ws
}
