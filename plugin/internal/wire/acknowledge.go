package wire

import "slices"

// Acknowledge answers the event that the calling [EventHandler] handles. It encodes the values as go-socket.io encodes results. It does
// nothing when the client has not asked, or has its answer.
func (c *Conn) Acknowledge(values ...any) error {
	_, err := c.acknowledge(values, false)
	return err
}

// [Conn.AcknowledgeBehind] and [Conn.Flush] emit the answerEvent. No client gets it.
const answerEvent = "\x00answer"

// answerEventJSON is the data of its packet.
const answerEventJSON = `["\u0000answer"]`

// AcknowledgeBehind is [Conn.Acknowledge], but the client gets the answer after
// everything that the handler has emitted. go-socket.io writes that in another
// goroutine, so AcknowledgeBehind emits a placeholder in line with the rest, and
// the answer takes its place. emit is the Emit of the handler's connection.
func (c *Conn) AcknowledgeBehind(emit func(event string, args ...any), values ...any) error {
	waits, err := c.acknowledge(values, true)
	if waits {
		emit(answerEvent)
	}
	return err
}

// Asked reports whether the client waits for the acknowledgement of the event that
// the calling handler handles.
func (c *Conn) Asked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acks.current.asked
}

// Answering reports whether something still waits for earlier emits. What comes next
// must then go behind it.
func (c *Conn) Answering() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acks.answers.len() > 0
}

// Flush returns when go-socket.io has written everything that was emitted before.
// emit is as for AcknowledgeBehind.
func (c *Conn) Flush(emit func(event string, args ...any)) {
	c.mu.Lock()
	c.acks.answers.push(nil)
	c.mu.Unlock()
	emit(answerEvent) // Emit returns when go-socket.io has written the event before
}

// acknowledge sends the answer, or with behind keeps it until go-socket.io writes
// answerEvent. It reports whether the answer waits.
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
		if parcels, err = encode(&c.shared.pool, current, values); err != nil {
			return false, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acks.current.asked = false // not before: when encoding fails, the handler may answer something else
	if behind {
		c.acks.answers.push(slices.Clone(parcels))
		return true, nil
	}
	c.namespaces.dispatch(parcels)
	return false, nil
}
