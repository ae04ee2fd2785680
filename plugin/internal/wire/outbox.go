package wire

// A parcel is one frame that waits to be sent.
type parcel struct {
	buffer *buffer
	binary bool
}

// footprint is roughly what a parcel costs besides its bytes. It matters when a
// client makes us send many short ones.
const footprint = 64

func (p parcel) size() int { return len(p.buffer.bytes) + footprint }

// frame returns the frame in the parcel.
func (p parcel) frame() frame {
	if p.binary {
		return frame{binary: true, data: p.buffer.binary()}
	}
	return frame{data: p.buffer.bytes}
}

// drop releases parcels that will not be sent.
func (p *pool) drop(parcels []parcel) {
	for _, parcel := range parcels {
		p.release(parcel.buffer)
	}
}

// An outbox is a queue of frames to send. Its owner guards it.
type outbox struct {
	waiting *waiting
	parcels queue[parcel]
	size    int
	large   int // of size, that of one packet that may be larger than the queue
	ahead   int // of size, what goes before that
}

// small returns the size without the large packet.
func (o *outbox) small() int { return o.size - o.large }

// admit makes the last packet the large one, if there is none, nothing much waits
// otherwise, and it is no larger than a quarter of MaxWaitingBytes. before was the size
// without it, waits is what waits on the wire, too.
func (o *outbox) admit(before, waits int, options *Options) bool {
	packet := o.size - before
	if o.large > 0 || packet > options.MaxWaitingBytes/4 || waits-packet > options.MaxQueueBytes {
		return false
	}
	o.large, o.ahead = packet, before
	return true
}

// push adds a frame. The outbox owns its buffer.
func (o *outbox) push(p parcel) {
	o.parcels.push(p)
	o.size += p.size()
	o.waiting.hold(p)
}

// next returns the oldest frame. The outbox must not be empty.
func (o *outbox) next() parcel { return o.parcels.items[o.parcels.head] }

func (o *outbox) pop() (parcel, bool) {
	p, ok := o.parcels.pop()
	if ok {
		o.size -= p.size()
		if o.ahead > 0 {
			o.ahead -= p.size()
		} else {
			o.large = max(0, o.large-p.size())
		}
		o.waiting.drop(p)
	}
	return p, ok
}

func (o *outbox) clear(pool *pool) {
	for p, ok := o.pop(); ok; p, ok = o.pop() {
		pool.release(p.buffer)
	}
}

// A partialPacket is a packet whose attachments go-socket.io has not written yet. The
// zero value is none.
type partialPacket struct {
	parcels []parcel
	missing int // the number of attachments that must follow
}

// begin starts a packet with its text.
func (d *partialPacket) begin(p parcel, attachments int) {
	*d = partialPacket{parcels: []parcel{p}, missing: attachments}
}

// add adds an attachment. It returns the packet when that is complete.
func (d *partialPacket) add(p parcel) (whole []parcel) {
	d.parcels = append(d.parcels, p)
	if d.missing--; d.missing > 0 {
		return nil
	}
	whole = d.parcels
	*d = partialPacket{}
	return whole
}
