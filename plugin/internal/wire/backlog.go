package wire

import "time"

// A backlog holds packets for a namespace that the client is not in yet. Its owner
// guards it.
type backlog struct {
	parcels []parcel
	size    int // in bytes
}

func (b *backlog) add(parcels []parcel) {
	b.parcels = append(b.parcels, parcels...)
	b.size += sizeOf(parcels)
}

// drop drops the packets.
func (b *backlog) drop(pool *pool) {
	pool.drop(b.parcels)
	b.parcels = nil
}

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
func (e *rootBacklog) add(parcels []parcel, pool *pool) {
	if e.size+sizeOf(parcels) > maxRootBacklog {
		pool.drop(parcels)
		return
	}
	e.backlog.add(parcels)
}
