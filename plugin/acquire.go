package plugin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

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
	key, token, why := s.keyOf(so)
	if why != nil {
		return why
	}
	e, err := s.acquire(so, key, token)
	if err != nil {
		so.report(StageConnect, err)
		return refusalOf(err)
	}
	if e == nil {
		return s.formerly(key)
	}
	s.mu.Lock()
	so.entry, so.session = e, &Session{sessions: s, entry: e, socket: so}
	s.mu.Unlock()
	return nil
}

// keyOf returns the store key of a socket's session and its token, which a ticket
// does not tell where the key is its hash.
func (s *Sessions) keyOf(so *socket) (key, token string, why *Refusal) {
	if ticket := s.ticketOf(so.request); ticket != "" {
		key, err := s.redeem(so.connection, ticket)
		switch {
		case err != nil:
			so.report(StageConnect, err)
			return "", "", refusal(CodeStoreError)
		case key == "":
			return "", "", refusal(CodeUnknown)
		case s.manager.HashTokenInStore:
			return key, "", nil
		}
		return key, key, nil
	}
	if err := contain(func() error { token = s.options.Cutter(so.request); return nil }); err != nil {
		s.report(StageConnect, "", err)
		return "", "", refusal(CodeInternal)
	}
	if why := noSession(token); why != nil {
		return "", "", why
	}
	return s.store.Key(token), token, nil
}

// cut returns the token of a request, "" where there is none or the cutter
// fails: whoever asks for the session will hear of it.
func (s *Sessions) cut(r *http.Request) (token string) {
	_ = contain(func() error { token = s.options.Cutter(r); return nil })
	return token
}

// formerly returns why there is no session under a key, as far as is known.
func (s *Sessions) formerly(key string) *Refusal {
	if kind := s.store.Ended(store.ID(key)); kind != "" {
		return endedBy(string(kind))
	}
	return refusal(CodeUnknown)
}

// acquire returns the entry of the session under a key, with so among its sockets;
// nil when there is no such session. It listens, loads and then registers, and
// looks again when it has heard something in between.
func (s *Sessions) acquire(so *socket, key, token string) (*entry, error) {
	id := store.ID(key)
	e, err := s.share(so, id)
	if err != nil {
		return nil, err
	}
	if e != nil {
		e.identify(token)
		// It is known here, but it may have ended elsewhere.
		err := e.refresh()
		if err != nil {
			s.drop(e, so)
		}
		return e, err
	}
	start, before := time.Now(), s.heardOf(id)
	found, expiry, ok, err := s.store.Load(context.Background(), key, nil)
	s.seen.loaded(start, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	e = s.entries[id]
	if ok && err == nil && e == nil {
		e = newEntry(s, key, token, id, found)
		e.heard = before // what came since may be missing in the answer
		e.learn(expiry)
		s.entries[id] = e
		s.startProbeLocked()
	}
	// With the entry there, or the id would be let go, and what is heard with it.
	heard := s.loadedLocked(id)
	switch {
	case err != nil:
		return nil, &storeError{StageLoad, err}
	case !ok:
		return nil, nil
	}
	e.identify(token)
	if heard {
		e.nudge()
	}
	if s.fullLocked(e, so) {
		return nil, refusal(CodeTooMany)
	}
	e.sockets = append(e.sockets, so)
	return e, nil
}

// heardOf counts what the watch has heard of an id that it follows.
func (s *Sessions) heardOf(id string) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.watch.Heard(id)
}

// fullLocked tells whether an entry has as many connections as it may have,
// without that of so. s.mu is held.
func (s *Sessions) fullLocked(e *entry, so *socket) bool {
	limit := s.options.MaxSocketsPerSession
	if limit == 0 || len(e.sockets) < limit {
		return false
	}
	connections := make(map[*connection]struct{}, limit)
	for _, other := range e.sockets {
		connections[other.connection] = struct{}{}
	}
	_, in := connections[so.connection]
	return !in && len(connections) >= limit
}

// share adds so to the entry of an id. Where there is none it returns nil, and
// events of the id are noted from then on, until loadedLocked.
func (s *Sessions) share(so *socket, id string) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entries[id]; e != nil {
		if s.fullLocked(e, so) {
			return nil, refusal(CodeTooMany)
		}
		e.sockets = append(e.sockets, so)
		return e, nil
	}
	s.listenLocked()
	s.watch.Follow(id)
	l := s.loading[id]
	if l == nil {
		l = &loading{}
		s.loading[id] = l
	}
	l.sockets++
	return nil, nil
}

// drop takes a socket from an entry.
func (s *Sessions) drop(e *entry, so *socket) {
	s.mu.Lock()
	e.sockets = without(e.sockets, so)
	s.mu.Unlock()
	s.retire(e)
}

// retire forgets an entry that has no sockets and nothing to save, and tells
// whether it did.
func (s *Sessions) retire(e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.sockets) > 0 || !e.settledLocked() {
		return false
	}
	s.removeLocked(e)
	e.disarmLocked()
	return true
}

func (s *Sessions) removeLocked(e *entry) {
	if s.entries[e.id] == e {
		delete(s.entries, e.id)
		s.watch.Unfollow(e.id)
	}
}

// forget takes an entry that has ended out, and returns its sockets to be
// expelled, each counted as running.
func (s *Sessions) forget(e *entry) []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeLocked(e)
	return s.socketsLocked(e)
}

// socketsOf returns the sockets of an entry, each counted as running.
func (s *Sessions) socketsOf(e *entry) []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socketsLocked(e)
}

func (s *Sessions) socketsLocked(e *entry) []*socket {
	s.running.Add(len(e.sockets))
	return slices.Clone(e.sockets)
}

// populated tells whether an entry has sockets.
func (s *Sessions) populated(e *entry) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(e.sockets) > 0
}

// settleUp saves every session that is not saved.
func (s *Sessions) settleUp() error {
	var failed []error
	for _, e := range s.all() {
		if err := e.settleUp(true); err != nil {
			failed = append(failed, fmt.Errorf("sessions: %s: %w", e.id, err))
		}
	}
	return errors.Join(failed...)
}

// unsaved returns an error that names every session that is not saved.
func (s *Sessions) unsaved() error {
	var unsaved []error
	for _, e := range s.all() {
		e.mu.Lock()
		if !e.settledLocked() {
			unsaved = append(unsaved, fmt.Errorf("sessions: %s: not saved", e.id))
		}
		e.mu.Unlock()
	}
	return errors.Join(unsaved...)
}

func (s *Sessions) all() []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.entries))
}
