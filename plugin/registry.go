package plugin

import (
	"context"
	"errors"
	"fmt"

	socketio "github.com/googollee/go-socket.io"
)

// join registers a client that asks for a namespace. ok is false when there is
// nothing to do: it is there already, as after a repeated CONNECT, or the
// server is going away.
func (s *Sessions) join(n *namespace, c socketio.Conn) (so *socket, ok bool) {
	at := place{c.ID(), n.name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets[at] != nil {
		return nil, false
	}
	if s.closing {
		go s.gate.shut(c) // not here: it comes back to leave, which locks
		return nil, false
	}
	so = &socket{
		sessions: s, namespace: n, conn: c,
		earlier: s.leaving[at],
		ready:   make(chan struct{}),
		left:    make(chan struct{}),
		gone:    make(chan struct{}),
	}
	so.session = s.newSession(nil)
	s.sockets[at] = so
	h := s.handshakes[at.connection]
	if h == nil {
		h = &handshake{request: s.gate.handshake(c), first: so}
		s.handshakes[at.connection] = h
	}
	h.sockets++
	so.request = h.request
	s.running.Add(2) // until it is gone, and for admit
	return so, true
}

// resolve finds the session of a socket's handshake.
func (s *Sessions) resolve(so *socket) *Refusal {
	why := s.identify(so)
	if why == nil {
		return nil
	}
	if so.namespace.anonymous && (why.gone || why.Code == CodeNoCookie || why.Code == CodeUnknown) {
		return nil
	}
	return why
}

func (s *Sessions) identify(so *socket) *Refusal {
	var token string
	if err := contain(func() error { token = s.options.Cutter(so.request); return nil }); err != nil {
		s.report(StageConnect, "", err)
		return refusal(CodeInternal)
	}
	if token == "" {
		return refusal(CodeNoCookie)
	}
	e, err := s.acquire(so, token)
	if err != nil {
		so.report(StageConnect, err)
		return refusalOf(err)
	}
	if e == nil {
		return refusal(CodeUnknown)
	}
	session := s.newSession(e)
	s.mu.Lock()
	so.entry, so.session = e, session
	s.mu.Unlock()
	return nil
}

// acquire returns the entry of a token's session, with so among its sockets;
// nil when there is no such session.
func (s *Sessions) acquire(so *socket, token string) (*entry, error) {
	key := s.store.Key(token)
	s.mu.Lock()
	e := s.entries[key]
	if e != nil {
		e.sockets[so] = struct{}{}
	}
	s.mu.Unlock()
	if e != nil {
		// It is known here, but it may have ended elsewhere.
		err := e.refresh()
		if err != nil {
			s.drop(e, so)
		}
		return e, err
	}
	found, ok, err := s.store.Load(context.Background(), key)
	if err != nil {
		return nil, &storeError{StageLoad, err}
	}
	if !ok {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e = s.entries[key]; e == nil {
		e = newEntry(s, key, token, found)
		s.entries[key] = e
	}
	e.sockets[so] = struct{}{}
	return e, nil
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
	if h := s.handshakes[at.connection]; h != nil {
		if h.sockets--; h.sockets == 0 {
			delete(s.handshakes, at.connection)
		}
	}
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

// drop takes a socket from an entry.
func (s *Sessions) drop(e *entry, so *socket) {
	s.mu.Lock()
	delete(e.sockets, so)
	s.mu.Unlock()
	s.retire(e)
}

// retire forgets an entry that has no sockets and nothing to save.
func (s *Sessions) retire(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(e.sockets) == 0 && s.entries[e.key] == e && e.settled() {
		delete(s.entries, e.key)
	}
}

// forget takes an entry that has ended out, and returns its sockets to be
// expelled, each counted as running.
func (s *Sessions) forget(e *entry) []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[e.key] == e {
		delete(s.entries, e.key)
	}
	sockets := make([]*socket, 0, len(e.sockets))
	for so := range e.sockets {
		s.running.Add(1)
		sockets = append(sockets, so)
	}
	return sockets
}

// settleUp saves every session that is not saved, and tries no more.
func (s *Sessions) settleUp() error {
	s.mu.RLock()
	entries := make([]*entry, 0, len(s.entries))
	for _, e := range s.entries {
		entries = append(entries, e)
	}
	s.mu.RUnlock()
	var failed []error
	for _, e := range entries {
		if err := e.settleUp(true); err != nil {
			failed = append(failed, fmt.Errorf("sessions: %s: %w", e.id, err))
		}
	}
	return errors.Join(failed...)
}
