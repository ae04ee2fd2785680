package wire

import "errors"

// A parcel is one frame that waits to be sent.
type parcel struct {
	buffer *buffer
	binary bool
}

// footprint is about what a parcel costs besides its bytes: most of what there
// is, where clients make us send many that are short.
const footprint = 64

func (p parcel) size() int { return len(p.buffer.bytes) + footprint }

// frame returns the frame in the parcel.
func (p parcel) frame() frame {
	if p.binary {
		return frame{binary: true, data: p.buffer.binary()}
	}
	return frame{data: p.buffer.bytes}
}

// An outbox holds what was written and not sent. It is guarded by its
// connection's mu.
type outbox struct {
	parcels queue[parcel]
	size    int
}

var errSlow = errors.New("the client is too slow: too much waits to be sent")

// push adds a frame. Its buffer is the outbox's from then on.
func (o *outbox) push(p parcel) {
	o.parcels.push(p)
	o.size += p.size()
}

func (o *outbox) pop() (parcel, bool) {
	p, ok := o.parcels.pop()
	if ok {
		o.size -= p.size()
	}
	return p, ok
}

func (o *outbox) clear(pool *pool) {
	for p, ok := o.pop(); ok; p, ok = o.pop() {
		pool.release(p.buffer)
	}
}

// sendLocked queues the frames of one packet. A client for whom too much waits
// is dropped. c.mu is held.
func (c *Conn) sendLocked(parcels ...parcel) {
	if c.ending {
		c.dropLocked(parcels)
		return
	}
	for _, p := range parcels {
		c.out.push(p)
	}
	if c.out.size > c.shared.options.MaxQueueBytes {
		c.violateLocked(errSlow)
		return
	}
	c.kickLocked()
}

// sendTextLocked queues a text frame of our own. c.mu is held.
func (c *Conn) sendTextLocked(text string) {
	c.sendLocked(parcel{buffer: c.shared.pool.takeText(text)})
}

// kickLocked sees to it that what is queued is sent, and that a connection
// that is to end does so. c.mu is held.
func (c *Conn) kickLocked() {
	if !c.taken.Load() && c.reason == "" {
		return // OPEN waits for go-socket.io
	}
	if c.ws != nil {
		c.drainLocked()
		return
	}
	c.wakePollLocked()
}
