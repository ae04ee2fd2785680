package wire

import "time"

// early holds what go-socket.io has written to the root before a client of version
// 4 has asked for any namespace: go-socket.io has had it in the root from the
// handshake on. One that asks for another first hears nothing more of the root
// until it asks for that.
type early struct {
	since time.Time
	held  []parcel
	size  int // of held, in bytes
}

// maxEarly is how many bytes may wait for a client that may never ask for the
// root: what comes on top is dropped. Where it has not asked within
// connectTimeout, all is.
const maxEarly = 64 << 10

// holdLocked keeps a packet of the root. c.mu is held.
func (c *Conn) holdLocked(parcels []parcel) {
	size := 0
	for _, p := range parcels {
		size += p.size()
	}
	if c.early.size+size > maxEarly {
		c.dropLocked(parcels)
		return
	}
	c.early.size += size
	c.early.held = append(c.early.held, parcels...)
}

// forgoLocked drops what has waited for too long. c.mu is held.
func (c *Conn) forgoLocked(now time.Time) {
	if c.early != nil && now.Sub(c.early.since) > connectTimeout {
		c.dropLocked(c.early.held)
		c.early = nil
	}
}
