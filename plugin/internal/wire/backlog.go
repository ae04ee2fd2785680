package wire

import "time"

// A backlog holds what go-socket.io has written to a namespace before the client
// is in it. Who owns it guards it.
type backlog struct {
	parcels []parcel
	size    int // in bytes
}

func (b *backlog) add(parcels []parcel) {
	b.parcels = append(b.parcels, parcels...)
	b.size += sizeOf(parcels)
}

// drop empties it.
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

// A rootBacklog is that of the root before a client of version 4 has asked for
// it: go-socket.io has had the client in the root from the handshake on. One that
// asks for another namespace first hears nothing more of the root until it asks for
// that.
type rootBacklog struct {
	backlog
	since time.Time
}

// maxRootBacklog is how many bytes may wait for a client that may never ask for the
// root: what comes on top is dropped. Where it has not asked within
// connectTimeout, all is.
const maxRootBacklog = 64 << 10

// add keeps a packet of the root, or drops it.
func (e *rootBacklog) add(parcels []parcel, pool *pool) {
	if e.size+sizeOf(parcels) > maxRootBacklog {
		pool.drop(parcels)
		return
	}
	e.backlog.add(parcels)
}
