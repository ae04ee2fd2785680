package wire

import "slices"

// Acknowledge answers the event that is handled, one of [Wire.Own], with the
// given values, which are encoded as go-socket.io encodes results. It does
// nothing when the client has not asked, or was answered. It is to be called by
// the handler.
func (c *Conn) Acknowledge(values ...any) error {
	_, err := c.acknowledge(values, false)
	return err
}

// answerEvent is what [Conn.AcknowledgeBehind] and [Conn.Flush] emit. Clients
// never get it.
const answerEvent = "\x00answer"

// answerEventJSON is answerEvent in an event packet.
const answerEventJSON = `["\u0000answer"]`

// AcknowledgeBehind is [Conn.Acknowledge] behind what the handler has emitted,
// which go-socket.io writes in a goroutine of its own. emit is the Emit of the
// handler's connection: what it emits takes its place among the others, and is
// then replaced.
func (c *Conn) AcknowledgeBehind(emit func(event string, args ...any), values ...any) error {
	waits, err := c.acknowledge(values, true)
	if waits {
		emit(answerEvent)
	}
	return err
}

// Asked tells whether the client waits for the acknowledgement of the event that
// is handled.
func (c *Conn) Asked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acks.current.asked
}

// Answering tells whether an acknowledgement still waits for what was emitted
// before: the next one must go behind it.
func (c *Conn) Answering() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acks.answers.len() > 0
}

// Flush returns when go-socket.io has written what was emitted before. emit is as
// for AcknowledgeBehind.
func (c *Conn) Flush(emit func(event string, args ...any)) {
	c.mu.Lock()
	c.acks.answers.push(nil)
	c.mu.Unlock()
	emit(answerEvent) // is taken from Emit when the one before is written
}

// acknowledge sends the answer, or with behind lets it wait for answerEvent. It
// tells whether it waits.
func (c *Conn) acknowledge(values []any, behind bool) (waits bool, err error) {
	c.mu.Lock()
	current := c.acks.current
	c.mu.Unlock()
	if !current.asked {
		return false, nil
	}
	var one [1]parcel
	parcels := one[:]
	if b, ok := plainAnswer(&c.shared.pool, current, values); ok {
		one[0].buffer = b
	} else {
		w := &ackEncoder{pool: &c.shared.pool}
		if err := w.write(current, values); err != nil {
			return false, err
		}
		parcels = w.parcels
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks.current.asked = false // not before: the handler may answer what cannot be encoded by something else
	if behind {
		c.acks.answers.push(slices.Clone(parcels))
		return true, nil
	}
	c.namespaces.dispatch(parcels)
	return false, nil
}
