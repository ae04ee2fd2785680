package wire

import "sync"

// An inbox holds the packets that go-socket.io has not read yet. The connection's mu
// guards it.
type inbox struct {
	shared   *shared
	life     *lifecycle
	readable sync.Cond // signals that there is something to read, or that the connection has ended
	room     sync.Cond // signals that there is room, or that the connection has ended

	messages queue[*message]
	size     int  // of the messages, in bytes
	full     bool // put waits for room

	injected    queue[*buffer] // our own packets, which go-socket.io reads first
	attachments queue[*buffer] // of the last packet
}

func newInbox(s *shared, life *lifecycle) inbox {
	return inbox{shared: s, life: life, readable: sync.Cond{L: &life.mu}, room: sync.Cond{L: &life.mu}}
}

// put adds a whole message. It waits, without mu, while the inbox is full. It calls
// heard after each wait, so that the wait does not count as the client's silence.
func (in *inbox) put(m *message, heard func()) {
	in.shared.waiting.add(m.size)
	for in.life.reason == "" && in.fullFor(m) {
		in.full = true
		in.room.Wait()
		heard()
	}
	in.full = false
	if in.life.reason != "" {
		in.shared.waiting.add(-m.size)
		in.shared.pool.discard(m)
		return // go-socket.io will not read it
	}
	in.messages.push(m)
	in.size += m.size
	in.readable.Signal()
}

func (in *inbox) fullFor(m *message) bool {
	n := in.messages.len()
	return n >= maxQueueLength || n > 0 && in.size+m.size > in.shared.options.MaxQueueBytes
}

// pop returns the next message, nil if there is none. The caller owns it.
func (in *inbox) pop() *message {
	m, ok := in.messages.pop()
	if !ok {
		return nil
	}
	in.size -= m.size
	in.shared.waiting.add(-m.size)
	in.room.Signal()
	return m
}

// inject adds a packet of our own, which go-socket.io reads before everything else.
func (in *inbox) inject(text string) {
	in.injected.push(in.shared.pool.text(text))
	in.readable.Signal()
}

// wake ends every wait: the connection has ended.
func (in *inbox) wake() {
	in.readable.Broadcast()
	in.room.Broadcast()
}

// clear drops everything.
func (in *inbox) clear() {
	for m, ok := in.messages.pop(); ok; m, ok = in.messages.pop() {
		in.shared.pool.discard(m)
	}
	for _, q := range []*queue[*buffer]{&in.injected, &in.attachments} {
		for b, ok := q.pop(); ok; b, ok = q.pop() {
			in.shared.pool.release(b)
		}
	}
	in.shared.waiting.add(-in.size)
	in.size = 0
}
