package plugin

import (
	"errors"
	"net/http"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
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
	e, err := s.book.Join(so, key, token)
	switch {
	case errors.Is(err, live.ErrFull):
		return refusal(CodeTooMany)
	case err != nil:
		so.report(StageConnect, err)
		return refusalOf(err)
	case e == nil:
		return s.formerly(key)
	}
	session := &Session{sessions: s, socket: so}
	e.Own(&session.use, so)
	s.mu.Lock()
	so.entry, so.session = e, session
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
		return refusalOfEnd(&live.End{Kind: kind})
	}
	return refusal(CodeUnknown)
}
