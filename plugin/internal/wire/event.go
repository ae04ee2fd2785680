package wire

// An Event has what a client sent with one of the events of [Wire.Own]. All of it is
// valid until the handler returns.
type Event struct {
	// Args is what follows the name in the event's array, such as `,1,"a"]`. The whole
	// array is valid JSON.
	Args        []byte
	Attachments [][]byte // by the numbers of their placeholders
}

// An EventHandler handles an event of a client. All that a client sends is handled one
// after another, whether go-socket.io reads it or not.
type EventHandler func(*Conn, Event)

// serveLocked has a message handled by the owner of its event, without c.mu, which is
// held before and after.
func (c *Conn) serveLocked(m *message, handle EventHandler) {
	event := Event{Args: m.packet.args()}
	for _, attachment := range m.binaries {
		event.Attachments = append(event.Attachments, attachment.binary())
	}
	c.idle.begin()
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.idle.end()
		c.shared.pool.discard(m)
	}()
	handle(c, event)
}
