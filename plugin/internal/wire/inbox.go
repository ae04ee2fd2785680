package wire

import "sync"

// An inbox holds what go-socket.io has not read yet. It is guarded by its
// connection's mu, which it gives up while it waits.
type inbox struct {
	shared   *shared
	life     *lifecycle
	readable sync.Cond // something is there to be read, or never will
	room     sync.Cond // there is room again, or never will

	messages queue[*message]
	size     int  // of the messages, in bytes
	full     bool // a message waits until there is room

	injected    queue[*buffer] // texts of our own, which go first
	attachments queue[*buffer] // of the packet that was read last
}

func newInbox(s *shared, life *lifecycle) inbox {
	return inbox{shared: s, life: life, readable: sync.Cond{L: &life.mu}, room: sync.Cond{L: &life.mu}}
}

// put adds a whole message, and waits while the inbox is full. heard is called
// after each wait: the client is listened to again.
func (in *inbox) put(m *message, heard func()) {
	for in.life.reason == "" && in.fullFor(m) {
		in.full = true
		in.room.Wait()
		heard()
	}
	in.full = false
	if in.life.reason != "" {
		in.shared.pool.discard(m)
		return // nobody will read it
	}
	in.messages.push(m)
	in.size += m.size
	in.readable.Signal()
}

func (in *inbox) fullFor(m *message) bool {
	n := in.messages.len()
	return n >= maxQueueLength || n > 0 && in.size+m.size > in.shared.options.MaxQueueBytes
}

// pop returns the next message, nil when there is none. It is the caller's.
func (in *inbox) pop() *message {
	m, ok := in.messages.pop()
	if !ok {
		return nil
	}
	in.size -= m.size
	in.room.Signal()
	return m
}

// inject lets go-socket.io read a packet of our own before anything else.
func (in *inbox) inject(text string) {
	in.injected.push(in.shared.pool.text(text))
	in.readable.Signal()
}

// wake lets nobody wait any longer: the connection has ended.
func (in *inbox) wake() {
	in.readable.Broadcast()
	in.room.Broadcast()
}

// clear drops what was not read.
func (in *inbox) clear() {
	for m, ok := in.messages.pop(); ok; m, ok = in.messages.pop() {
		in.shared.pool.discard(m)
	}
	for _, q := range []*queue[*buffer]{&in.injected, &in.attachments} {
		for b, ok := q.pop(); ok; b, ok = q.pop() {
			in.shared.pool.release(b)
		}
	}
	in.size = 0
}
