package wire

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"
)

// websocket returns the websocket that the client uses, nil while it polls.
func (c *Conn) websocket() *websocket.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.ws
}

// pump receives frames from a websocket until that ends.
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

// read returns the next frame. Binary frames begin with binaryType.
func (c *Conn) read(ws *websocket.Conn) (b *buffer, binary bool, err error) {
	kind, r, err := ws.NextReader()
	if err != nil {
		return nil, false, tooLong(err)
	}
	b, binary = c.shared.pool.buffer(), kind == websocket.BinaryMessage
	if binary && c.version == 4 {
		b.bytes = append(b.bytes, binaryType)
	}
	if err := b.fill(r, c.shared.options.MaxMessageBytes+1, &c.held); err != nil {
		c.shared.pool.release(b)
		return nil, false, tooLong(err)
	}
	return b, binary, nil
}

// tooLong turns gorilla's error for a message over the read limit into ours.
func tooLong(err error) error {
	if errors.Is(err, websocket.ErrReadLimit) {
		return errTooLong
	}
	return err
}

// use makes a new connection use ws. It closes ws if the connection has ended.
func (c *Conn) use(ws *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disposed {
		_ = ws.Close()
	}
	c.out.use(ws)
}

// resume sends more of the queue: the stream has caught up.
func (c *Conn) resume(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.stream == s && !c.disposed {
		c.out.since = time.Time{} // it has taken all that there was
		c.out.sendNow()
	}
}

// progress notes that the client takes what it is sent.
func (c *Conn) progress(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out.stream == s {
		c.out.note(true)
		c.out.makeRoom()
	}
}

// fail ends the connection when its stream breaks, or the upgrade when its
// candidate does.
func (c *Conn) fail(s *stream) {
	c.mu.Lock()
	serves := c.out.stream == s
	c.mu.Unlock()
	if serves {
		c.lose(ReasonError)
		return
	}
	_ = s.Close() // its reader notices
}
