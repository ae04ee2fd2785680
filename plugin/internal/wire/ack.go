package wire

import "slices"

// An acknowledgement answers one event.
type acknowledgement struct {
	socket *socket
	id     uint64
	asked  bool // the client waits for it
}

// maxAwaited bounds how many acknowledgements of go-socket.io we wait for.
// go-socket.io gives them late, and v1.7.0 never gives some.
const maxAwaited = 256

// acks are the acknowledgements that a connection owes. The connection's mu guards
// them.
type acks struct {
	awaited []acknowledgement // go-socket.io gives these
	current acknowledgement   // of the event that a handler handles now
	answers queue[[]parcel]   // these packets wait for earlier emits; nil for a Flush
}

// await notes that go-socket.io will acknowledge an event.
func (k *acks) await(a acknowledgement) {
	if len(k.awaited) == maxAwaited {
		k.awaited = slices.Delete(k.awaited, 0, maxAwaited/2)
	}
	k.awaited = append(k.awaited, a)
}

// given reports whether the client still waits for an acknowledgement, and notes
// that it gets it. go-socket.io also answers clients that have not asked.
func (k *acks) given(s *socket, id uint64) bool {
	for i, a := range k.awaited {
		if a.socket == s && a.id == id {
			k.awaited = slices.Delete(k.awaited, i, i+1)
			return true
		}
	}
	return false
}
