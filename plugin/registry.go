package plugin

import (
	"slices"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
)

// in returns the connection's socket in a namespace, nil when there is none.
// Sessions.mu is held.
func (c *connection) in(n *namespace) *socket {
	if c == nil {
		return nil
	}
	return inOf(c.sockets, n)
}

func inOf(sockets []*socket, n *namespace) *socket {
	for _, so := range sockets {
		if so.namespace == n {
			return so
		}
	}
	return nil
}

// handled lets handling go.
func (c *connection) handled() {
	c.handling.Unlock()
	if over := c.over.Swap(nil); over != nil {
		over.Close()
	}
}

// idle returns a channel that closes when no handler of the connection runs.
func (c *connection) idle() <-chan struct{} {
	over := new(latch.Latch)
	for !c.over.CompareAndSwap(nil, over) {
		if earlier := c.over.Load(); earlier != nil {
			over = earlier
			break
		}
	}
	if c.handling.TryLock() { // or who holds it will see over
		c.handled()
	}
	return over.Done()
}

// join registers a client that asks for a namespace. It returns nil when there
// is nothing to do: the client is there already, as after a repeated CONNECT, or
// the server is going away. It waits until the client's last stay there is over,
// so that a client that comes and goes holds up only itself.
func (s *Sessions) join(n *namespace, c socketio.Conn) *socket {
	handed := s.gate.hand(c) // now: it may be over when the last stay is
	so := &socket{
		sessions: s, namespace: n, conn: handed, handed: handed,
		session: s.anonymous(),
		request: s.gate.handshake(handed),
	}
	for {
		joined, earlier := s.tryJoin(so)
		switch {
		case joined:
			return so
		case earlier == nil:
			return nil
		}
		earlier.gone.Wait()
	}
}

// tryJoin registers so, if there is something to do, and it need not wait for an
// earlier one.
func (s *Sessions) tryJoin(so *socket) (joined bool, earlier *socket) {
	id := so.conn.ID()
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.connections[id]
	switch {
	case open.in(so.namespace) != nil:
		return false, nil
	case s.closing:
		go s.gate.refuse(so.conn, refusal(CodeGoingAway), nil) // ends after the farewell
		return false, nil
	case open == nil:
		open = new(connection)
		s.connections[id] = open
		if awaited := s.arrivals[id]; awaited != nil {
			delete(s.arrivals, id)
			awaited.Close()
		}
	default:
		if earlier = inOf(open.leaving, so.namespace); earlier != nil {
			return false, earlier
		}
	}
	so.request = s.gate.keep(open, so.request)
	so.script = scriptOf(so.request)
	so.connection, so.after = open, open.lastLocked()
	so.conn.callbacks = &open.callbacks
	open.sockets = append(open.sockets, so)
	s.running.Add(2) // until it is gone, and for admit
	return true, nil
}

// lastLocked returns what closes when every namespace that the connection has
// asked for so far has answered; nil when it has asked for none. Sessions.mu is
// held.
func (c *connection) lastLocked() *latch.Latch {
	if n := len(c.sockets); n > 0 {
		return &c.sockets[n-1].ready
	}
	return nil
}

// settled waits until every namespace that a socket's connection has asked for
// so far has answered.
func (s *Sessions) settled(so *socket) {
	s.mu.RLock()
	last := so.connection.lastLocked()
	s.mu.RUnlock()
	if last != nil {
		last.Wait()
	}
	so.ready.Wait()
}

// find returns a client's socket in a namespace, nil when it is not there.
func (s *Sessions) find(c socketio.Conn, n *namespace) *socket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.connections[c.ID()].in(n)
}

// sessionOf returns the session of a socket that may still be entering.
func (s *Sessions) sessionOf(so *socket) *Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return so.session
}

// leave notes that a client has left. Only the first call counts.
func (s *Sessions) leave(so *socket, reason string) {
	open := so.connection
	s.mu.Lock()
	if !slices.Contains(open.sockets, so) {
		s.mu.Unlock()
		return
	}
	open.sockets = without(open.sockets, so)
	open.leaving = append(open.leaving, so)
	s.mu.Unlock()
	if why := so.why.Load(); why != nil {
		reason = why.Code
	}
	so.reason = reason
	so.left.Close()
	go so.depart()
}

// release is the end of a socket: its session is saved, and forgotten with the
// last socket.
func (s *Sessions) release(so *socket) {
	defer s.running.Done()
	defer so.gone.Close()
	open := so.connection
	s.mu.Lock()
	so.released = true
	open.leaving = without(open.leaving, so)
	if len(open.sockets)+len(open.leaving) == 0 {
		delete(s.connections, so.conn.ID())
	}
	s.mu.Unlock()
	if so.entry != nil {
		so.entry.Leave(so)
	}
}

// sendOut expels a socket, unless it is gone.
func (so *socket) sendOut(why *Refusal) {
	if so.hold() {
		go so.expel(why)
	}
}

// hold counts a goroutine that a socket needs, which calls running.Done, and reports
// whether the socket is still there.
func (so *socket) hold() bool {
	s := so.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	if so.released {
		return false
	}
	s.running.Add(1)
	return true
}

// without returns the list without a socket.
func without(sockets []*socket, so *socket) []*socket {
	return slices.DeleteFunc(sockets, func(other *socket) bool { return other == so })
}
