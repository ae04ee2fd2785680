package wire

// receive handles one frame of the client. It owns b.
func (c *Conn) receive(b *buffer, binary bool) error {
	c.receiving.Lock()
	defer c.receiving.Unlock()
	c.heartbeat.hear()
	switch {
	case len(b.bytes) == 0:
		return errEmptyFrame
	case binary && b.bytes[0] != binaryType:
		return errFrameType
	case binary:
		m, err := c.assembler.binary(b)
		c.put(m)
		return err
	case b.bytes[0] == '4':
		m, err := c.assembler.text(b)
		c.put(m)
		return err
	}
	defer c.shared.pool.release(b)
	return c.receiveSignal(b.bytes)
}

// put adds a whole message to the inbox, and waits while that is full. nil is
// allowed.
func (c *Conn) put(m *message) {
	if m == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in.put(m, c.heartbeat.hear)
}

const errHeartbeat = malformed("heartbeat in the wrong direction, or too long")

// receiveSignal handles a packet that is not a message.
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
			c.out.sendText("3" + string(text[1:]))
		}
	case '3', '5', '6': // receive has noted the pong; the others mean nothing here
	default:
		return errFrameType
	}
	return nil
}

// receiveFrame handles one frame of a payload.
func (c *Conn) receiveFrame(f frame) error {
	if f.owned != nil {
		return c.receive(f.owned, f.binary)
	}
	b := c.shared.pool.buffer()
	if f.binary {
		b.bytes = append(b.bytes, binaryType)
	}
	b.bytes = append(b.bytes, f.data...)
	return c.receive(b, f.binary)
}
