package wire

import "time"

// A backlog holds packets for a namespace that the client is not in yet. Its owner
// guards it.
type backlog struct {
	parcels []parcel
	size    int // in bytes
}

func (b *backlog) add(parcels []parcel, s *shared) {
	b.parcels = append(b.parcels, parcels...)
	b.size += sizeOf(parcels)
	for _, p := range parcels {
		s.waiting.hold(p)
	}
}

// take takes the packets out.
func (b *backlog) take(s *shared) (parcels []parcel) {
	for _, p := range b.parcels {
		s.waiting.drop(p)
	}
	parcels, *b = b.parcels, backlog{}
	return parcels
}

// drop drops the packets.
func (b *backlog) drop(s *shared) { s.pool.drop(b.take(s)) }

func sizeOf(parcels []parcel) int {
	size := 0
	for _, p := range parcels {
		size += p.size()
	}
	return size
}

// A rootBacklog is the backlog of the root for a version 4 client that has not asked
// for the root yet. go-socket.io has the client in the root from the handshake on.
type rootBacklog struct {
	backlog
	since time.Time
}

// maxRootBacklog is how many bytes may wait for a client that may never ask for the
// root. Further packets are dropped. All are dropped after connectTimeout.
const maxRootBacklog = 64 << 10

// add keeps a packet, or drops it when the backlog is full.
func (e *rootBacklog) add(parcels []parcel, s *shared) {
	if e.size+sizeOf(parcels) > maxRootBacklog {
		s.pool.drop(parcels)
		return
	}
	e.backlog.add(parcels, s)
}
