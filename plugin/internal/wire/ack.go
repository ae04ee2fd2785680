package wire

import "slices"

// An acknowledgement is one that a client may have asked for.
type acknowledgement struct {
	socket *socket
	id     uint64
	asked  bool
}

// maxAwaited is how many acknowledgements of go-socket.io's are remembered as
// asked for. It gives them late, and v1.7.0 leaves some out.
const maxAwaited = 256

// acks are the acknowledgements that a connection owes. They are guarded by its mu.
type acks struct {
	awaited []acknowledgement // those that go-socket.io is to give
	current acknowledgement   // of the event that is handled
	answers queue[[]parcel]   // those that wait for what was emitted before
}

// await notes that go-socket.io is to acknowledge an event.
func (k *acks) await(a acknowledgement) {
	if len(k.awaited) == maxAwaited {
		k.awaited = slices.Delete(k.awaited, 0, maxAwaited/2)
	}
	k.awaited = append(k.awaited, a)
}

// given tells whether an acknowledgement was asked for and not given,
// and notes that it is given: go-socket.io also answers who has not asked.
func (k *acks) given(s *socket, id uint64) bool {
	for i, a := range k.awaited {
		if a.socket == s && a.id == id {
			k.awaited = slices.Delete(k.awaited, i, i+1)
			return true
		}
	}
	return false
}
