package plugin

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
)

// A registry has the connections and their sockets. Its lock only guards fields:
// nothing is called under it.
type registry struct {
	keeps bool // connections keep their handshake: the transport shows that of an upgrade later

	// running counts sockets and their goroutines. It grows only under mu,
	// while closing is not set or a socket is registered.
	running sync.WaitGroup

	mu          sync.RWMutex
	closing     bool
	anonymous   int                     // connections
	connections map[string]*connection  // by the transport's id
	arrivals    map[string]*latch.Latch // by the same: closes when such a connection is there
	entering    map[string][]*socket    // by the same: those whose join is under way
}

func newRegistry(keeps bool) *registry {
	return &registry{
		keeps:       keeps,
		connections: make(map[string]*connection),
		arrivals:    make(map[string]*latch.Latch),
		entering:    make(map[string][]*socket),
	}
}

// A joining is what became of a join.
type joining int

const (
	joinDone    joining = iota
	joinPresent         // the client is there already, as after a repeated CONNECT
	joinLeaving         // its last stay in the namespace is not over
	joinClosing         // the server is going away
)

// join registers a socket that asks for its namespace. It returns the earlier socket
// that is leaving, if there is one: call join again when that is gone.
func (r *registry) join(so *socket) (what joining, earlier *socket) {
	id := so.conn.ID()
	r.mu.Lock()
	defer r.mu.Unlock()
	what, earlier = r.joinLocked(id, so)
	others := without(r.entering[id], so)
	switch {
	case what == joinLeaving:
		r.entering[id] = append(others, so)
	case len(others) == 0:
		delete(r.entering, id)
	default:
		r.entering[id] = others
	}
	return what, earlier
}

func (r *registry) joinLocked(id string, so *socket) (what joining, earlier *socket) {
	open := r.connections[id]
	switch {
	case open.inLocked(so.namespace) != nil:
		return joinPresent, nil
	case r.closing:
		return joinClosing, nil
	case open == nil:
		open, so.first = r.openLocked(id, so), true
	default:
		if earlier = socketIn(open.leaving, so.namespace); earlier != nil {
			return joinLeaving, earlier
		}
	}
	if r.keeps {
		so.request = open.request
	}
	so.script = scriptOf(so.request)
	so.connection, so.after = open, open.lastLocked()
	so.conn.callbacks = &open.callbacks
	open.sockets = append(open.sockets, so)
	r.running.Add(2) // until it is gone, and for admit
	return joinDone, nil
}

// openLocked registers the connection of its first socket.
func (r *registry) openLocked(id string, first *socket) *connection {
	open := new(connection)
	if r.keeps {
		open.request = first.request
	}
	r.connections[id] = open
	if awaited := r.arrivals[id]; awaited != nil {
		delete(r.arrivals, id)
		awaited.Close()
	}
	return open
}

// find returns a connection's socket in a namespace, nil if there is none.
func (r *registry) find(id string, n *namespace) *socket {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.connections[id].inLocked(n)
}

// leaver is find, for a client that has left. If its socket is about to join, that
// will leave as soon as it has.
func (r *registry) leaver(id string, n *namespace, text string) *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	if so := r.connections[id].inLocked(n); so != nil {
		return so
	}
	if so := socketIn(r.entering[id], n); so != nil {
		so.lost = &text
	}
	return nil
}

// nearest is find, and returns the connection's first socket if it has none there.
func (r *registry) nearest(id string, n *namespace) *socket {
	r.mu.RLock()
	defer r.mu.RUnlock()
	open := r.connections[id]
	if so := open.inLocked(n); so != nil || open == nil || len(open.sockets) == 0 {
		return so
	}
	return open.sockets[0]
}

// connection returns the connection of a transport id, nil if there is none.
func (r *registry) connection(id string) *connection {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.connections[id]
}

// counts returns how many connections there are, and how many of them have no session.
func (r *registry) counts() (all, anonymous int) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.connections), r.anonymous
}

// await is connection, and waits for limit for the connection to be registered.
func (r *registry) await(id string, limit time.Duration) *connection {
	r.mu.Lock()
	open, arrival := r.connections[id], r.arrivals[id]
	if open == nil && arrival == nil {
		arrival = new(latch.Latch)
		r.arrivals[id] = arrival
	}
	r.mu.Unlock()
	if open != nil {
		return open
	}
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case <-arrival.Done():
	case <-late.C:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.arrivals[id] == arrival {
		delete(r.arrivals, id)
	}
	return r.connections[id]
}

// awaitAnswers waits until every namespace that a socket's connection has asked for
// so far has answered.
func (r *registry) awaitAnswers(so *socket) {
	r.mu.RLock()
	last := so.connection.lastLocked()
	r.mu.RUnlock()
	if last != nil {
		last.Wait()
	}
	so.ready.Wait()
}

// leave notes that a socket's client has left, and reports whether that is new.
func (r *registry) leave(so *socket) bool {
	open := so.connection
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(open.sockets, so) {
		return false
	}
	open.sockets = without(open.sockets, so)
	open.leaving = append(open.leaving, so)
	return true
}

// remove forgets a socket that has left, and with the last of them the connection.
func (r *registry) remove(so *socket) {
	open := so.connection
	r.mu.Lock()
	defer r.mu.Unlock()
	so.removed = true
	open.leaving = without(open.leaving, so)
	if len(open.sockets)+len(open.leaving) == 0 {
		delete(r.connections, so.conn.ID())
		if open.anonymous {
			r.anonymous--
		}
	}
}

// admitAnonymous reports whether a socket without a session may enter, where there may
// be limit such connections; 0 means any number.
func (r *registry) admitAnonymous(so *socket, limit int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	open := so.connection
	if open.anonymous || so.removed {
		return true
	}
	if limit > 0 && r.anonymous >= limit {
		return false
	}
	open.anonymous = true
	r.anonymous++
	return true
}

// hold counts a goroutine that a socket needs, which calls running.Done, and reports
// whether the socket is still there.
func (r *registry) hold(so *socket) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if so.removed {
		return false
	}
	r.running.Add(1)
	return true
}

// close lets no new connections in, and returns those that are there. The second call is
// not ok.
func (r *registry) close() (left []*connection, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return nil, false
	}
	r.closing = true
	return slices.Collect(maps.Values(r.connections)), true
}

// socketsOf returns the sockets of a connection that have not left.
func (r *registry) socketsOf(open *connection) []*socket {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(open.sockets)
}

func (r *registry) isClosing() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.closing
}

// without returns the list without a socket.
func without(sockets []*socket, so *socket) []*socket {
	return slices.DeleteFunc(sockets, func(other *socket) bool { return other == so })
}
