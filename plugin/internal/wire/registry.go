package wire

import (
	"sync"
	"time"
)

// A registry holds the connections of a Wire and its open handshakes. It has its own
// lock, and calls nothing under it. The zero value is empty.
type registry struct {
	mu      sync.RWMutex
	closing bool
	conns   map[string]member   // by id
	opening map[member]struct{} // handshakes that go-socket.io has not taken over
	idle    chan struct{}       // closed when the registry is closing and empty; made by close
}

// A member is a connection, as its registry sees it.
type member interface {
	hangUp(reason string) (first bool)      // returns at once
	lag(now time.Time) (_ laggard, ok bool) // what waits for its client
}

// begin adds a handshake. It returns false if the registry is closing.
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

// opened removes a handshake: go-socket.io has taken over the connection, or given it
// up. It reports whether the registry is closing.
func (r *registry) opened(m member) (closing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.opening, m)
	r.checkIdleLocked()
	return r.closing
}

// add adds a connection.
func (r *registry) add(id string, m member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns == nil {
		r.conns = make(map[string]member)
	}
	r.conns[id] = m
}

// remove removes a connection. It does nothing if the id is not that connection's.
func (r *registry) remove(id string, m member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns[id] == m {
		delete(r.conns, id)
	}
	r.checkIdleLocked()
}

// find returns the connection with an id, nil if there is none.
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

// close refuses further handshakes. It returns the connections, and a channel that
// closes when none of them and no handshake is left.
func (r *registry) close() (left []member, idle <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closing {
		r.closing, r.idle = true, make(chan struct{})
		r.checkIdleLocked()
	}
	return r.allLocked(), r.idle
}

// all returns the connections.
func (r *registry) all() []member {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.allLocked()
}

func (r *registry) allLocked() []member {
	all := make([]member, 0, len(r.conns))
	for _, m := range r.conns {
		all = append(all, m)
	}
	return all
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
