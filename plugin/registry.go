package plugin

import (
	"slices"

	socketio "github.com/googollee/go-socket.io"
)

// join registers a client that asks for a namespace. It returns nil when there
// is nothing to do: the client is there already, as after a repeated CONNECT,
// or the server is going away. It waits until the client's last stay there is
// over, so that a client that comes and goes holds up only itself.
func (s *Sessions) join(n *namespace, c socketio.Conn) *socket {
	at := place{c.ID(), n.name}
	for {
		so, earlier := s.tryJoin(n, c, at)
		if earlier == nil {
			return so
		}
		<-earlier.gone
	}
}

func (s *Sessions) tryJoin(n *namespace, c socketio.Conn, at place) (so, earlier *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets[at] != nil {
		return nil, nil
	}
	if s.closing {
		go s.gate.refuse(c, refusal(CodeGoingAway), nil) // ends after the farewell
		return nil, nil
	}
	if earlier = s.leaving[at]; earlier != nil {
		return nil, earlier
	}
	handed := &conn{Conn: c, gate: s.gate}
	so = &socket{
		sessions: s, namespace: n, conn: handed, handed: handed,
		session: &Session{sessions: s},
		ready:   make(chan struct{}),
		left:    make(chan struct{}),
		gone:    make(chan struct{}),
	}
	s.sockets[at] = so
	open := s.connections[at.connection]
	if open == nil {
		so.request = s.gate.handshake(c, nil)
		open = &connection{request: so.request}
		s.connections[at.connection] = open
	} else {
		so.request = s.gate.handshake(c, open.request)
	}
	so.scripted = so.request.URL.Query().Has(scriptQuery)
	so.connection, so.after = open, open.lastLocked()
	open.sockets = append(open.sockets, so)
	open.count++
	s.running.Add(2) // until it is gone, and for admit
	return so, nil
}

// lastLocked returns what closes when every namespace that the connection has
// asked for so far has answered; nil when it has asked for none. Sessions.mu is
// held.
func (c *connection) lastLocked() <-chan struct{} {
	if n := len(c.sockets); n > 0 {
		return c.sockets[n-1].ready
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
		<-last
	}
	<-so.ready
}

func (s *Sessions) find(at place) *socket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sockets[at]
}

// sessionOf returns the session of a socket that may still be entering.
func (s *Sessions) sessionOf(so *socket) *Session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return so.session
}

// leave notes that a client has left. Only the first call counts.
func (s *Sessions) leave(so *socket, reason string) {
	at := place{so.conn.ID(), so.namespace.name}
	s.mu.Lock()
	if s.sockets[at] != so {
		s.mu.Unlock()
		return
	}
	delete(s.sockets, at)
	s.leaving[at] = so
	open := so.connection
	open.sockets = slices.DeleteFunc(open.sockets, func(other *socket) bool { return other == so })
	s.mu.Unlock()
	if why := so.why.Load(); why != nil {
		reason = why.Code
	}
	so.reason = reason
	close(so.left)
	go so.depart()
}

// release is the end of a socket: its session is saved, and forgotten with the
// last socket.
func (s *Sessions) release(so *socket) {
	defer s.running.Done()
	defer close(so.gone)
	at := place{so.conn.ID(), so.namespace.name}
	s.mu.Lock()
	if s.leaving[at] == so {
		delete(s.leaving, at)
	}
	if so.connection.count--; so.connection.count == 0 {
		delete(s.connections, at.connection)
	}
	s.mu.Unlock()
	e := so.entry
	if e == nil {
		return
	}
	if err := e.settleUp(true); err != nil {
		s.report(StageSave, e.id, err)
		e.retry()
	}
	s.drop(e, so)
}
