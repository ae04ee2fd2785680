package wire

import "sync"

// A registry knows the connections of a Wire, and the handshakes that are under
// way. It has a lock of its own, under which it calls nothing. Its zero value is
// empty.
type registry struct {
	mu      sync.RWMutex
	closing bool
	conns   map[string]member   // by id
	opening map[member]struct{} // those that go-socket.io has not taken over
	idle    chan struct{}       // closed when closing and nothing is left; made by close
}

// A member is a connection, as its registry sees it.
type member interface {
	hangUp(reason string) // returns at once
}

// begin notes a handshake. It returns false when the registry is closing.
func (r *registry) begin(m member) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return false
	}
	if r.opening == nil {
		r.opening = make(map[member]struct{})
	}
	r.opening[m] = struct{}{}
	return true
}

// opened notes that a handshake is no longer under way in go-socket.io,
// whatever has become of its connection. It tells whether the registry is
// closing.
func (r *registry) opened(m member) (closing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.opening, m)
	r.checkIdleLocked()
	return r.closing
}

// add makes a connection findable by its id.
func (r *registry) add(id string, m member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		r.conns = make(map[string]member)
	}
	r.conns[id] = m
}

// remove undoes add, if that id is the connection's.
func (r *registry) remove(id string, m member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns[id] == m {
		delete(r.conns, id)
	}
	r.checkIdleLocked()
}

// find returns the connection of an id, nil when there is none.
func (r *registry) find(id string) member {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.conns[id]
}

func (r *registry) len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.conns)
}

// close lets no handshake begin any more. It returns the connections that are
// left, and a channel that closes when nothing is.
func (r *registry) close() (left []member, idle <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closing {
		r.closing, r.idle = true, make(chan struct{})
		r.checkIdleLocked()
	}
	left = make([]member, 0, len(r.conns))
	for _, m := range r.conns {
		left = append(left, m)
	}
	return left, r.idle
}

func (r *registry) isClosing() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closing
}

func (r *registry) checkIdleLocked() {
	if r.idle == nil || len(r.conns) > 0 || len(r.opening) > 0 {
		return
	}
	select {
	case <-r.idle:
	default:
		close(r.idle)
	}
}
