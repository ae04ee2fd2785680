package store

import (
	"encoding/json"
	"sync"
)

// sayings are what waits for the reader of a [Listener].
type sayings struct {
	mu     sync.Mutex
	grown  sync.Cond // signals that something was added, or that it is closed
	items  []json.RawMessage
	size   int // of the items, in bytes
	closed bool
}

// maxSaid is how many bytes may wait. Each item has saidBytes more than its data.
const (
	maxSaid   = 16 << 20
	saidBytes = 256
)

func newSayings() *sayings {
	s := new(sayings)
	s.grown.L = &s.mu
	return s
}

// add reports whether there was room.
func (s *sayings) add(data json.RawMessage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := len(data) + saidBytes
	if s.size+size > maxSaid {
		return false
	}
	s.items = append(s.items, data)
	s.size += size
	s.grown.Signal()
	return true
}

// next waits for the oldest item, and takes it out. It is not ok after close.
func (s *sayings) next() (data json.RawMessage, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.items) == 0 && !s.closed {
		s.grown.Wait()
	}
	if s.closed {
		return nil, false
	}
	data = s.items[0]
	s.items[0] = nil // the array may live on
	s.items = s.items[1:]
	s.size -= len(data) + saidBytes
	return data, true
}

// deliver calls hear with each item, until close.
func (s *sayings) deliver(hear func(json.RawMessage)) {
	for data, ok := s.next(); ok; data, ok = s.next() {
		hear(data)
	}
}

func (s *sayings) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.grown.Signal()
}
