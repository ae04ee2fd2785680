package wire

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

// drop takes back what is not to be sent.
func (p *pool) drop(parcels []parcel) {
	for _, parcel := range parcels {
		p.release(parcel.buffer)
	}
}

// An outbox holds what was written and not sent. Who owns it guards it.
type outbox struct {
	parcels queue[parcel]
	size    int
}

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

// A partialPacket is a packet that go-socket.io is writing: its attachments are yet to
// come. The zero value is none.
type partialPacket struct {
	parcels []parcel
	missing int // how many attachments
}

// begin takes the text of a packet with attachments.
func (d *partialPacket) begin(p parcel, attachments int) {
	*d = partialPacket{parcels: []parcel{p}, missing: attachments}
}

// add takes an attachment, and returns the packet when it is whole.
func (d *partialPacket) add(p parcel) (whole []parcel) {
	d.parcels = append(d.parcels, p)
	if d.missing--; d.missing > 0 {
		return nil
	}
	whole = d.parcels
	*d = partialPacket{}
	return whole
}
