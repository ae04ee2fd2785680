package plugin

import (
	"net/http"
	"strings"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	// claimName is where the client script redeems claims, under the resource
	// path, and claimEvent is what tells it to.
	claimName  = "session-claim"
	claimEvent = "sclaim"

	// claimLife is how long a claim waits to be redeemed.
	claimLife = 30 * time.Second
)

// Renew is the login of a socket. A socket cannot set a cookie, so it leaves a
// claim, which the client script redeems by a request that carries the
// session's cookie: there the token is renewed, as manager.RenewToken does, the
// values are put, and the new cookie is set. The sockets of the session are then
// told renewed and come back. A claim is used once, within 30 s, and only the
// browser that has the session can use it. A second one replaces the first.
//
// It takes effect even if the handler fails afterwards. The client needs the
// script, or must answer the event "sclaim" by a POST to session-claim under the
// resource path. Errors: [ErrGone], [ErrAnonymous], [ErrReadOnly], [ErrOver], or
// what the store or its codec reports.
func (s *Session) Renew(values map[string]any) error {
	if _, err := s.writable(); err != nil {
		return err
	}
	e := s.entry
	base, _ := e.state()
	claim, err := s.sessions.store.Encode(base.Deadline, values)
	if err != nil {
		return err
	}
	if err := s.sessions.store.Deposit(s, claimOf(e.id), claim.Bytes, claimLife); err != nil {
		return &storeError{StageSave, err}
	}
	s.socket.emit(claimEvent, nil)
	return nil
}

func claimOf(id string) string { return "claim:" + id }

// scriptQuery is in the handshake's query of a page that has the client script.
const scriptQuery = "session-script"

// isScripted tells whether a handshake comes from such a page. Most do not even
// have the word.
func isScripted(r *http.Request) bool {
	return strings.Contains(r.URL.RawQuery, scriptQuery) && r.URL.Query().Has(scriptQuery)
}

// keepCookie lets the browser's cookie live on with a session that only its
// socket uses: the script fetches it anew, about as often as the store is told of
// the use, or the cookie would die before the session.
func (so *socket) keepCookie() {
	manager, e := so.sessions.manager, so.entry
	if !so.scripted || !manager.Cookie.Persist || manager.IdleTimeout <= 0 {
		return
	}
	e.mu.Lock()
	now := time.Now()
	due := now.Sub(e.cookie) > manager.IdleTimeout/touchShare
	if due {
		e.cookie = now
	}
	e.mu.Unlock()
	if due {
		so.emit(claimEvent, nil)
	}
}

// serveClaim redeems the claim of a session, if there is one, and sends the
// cookie.
func (s *Sessions) serveClaim(w http.ResponseWriter, r *http.Request) {
	if s.takesPost(w, r) && !s.refusesAmbiguous(w, r, cutCookie(r, s.manager.Cookie.Name), claimName) {
		s.store.LoadAndSave(http.HandlerFunc(s.redeemClaim)).ServeHTTP(w, r)
	}
}

func (s *Sessions) redeemClaim(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token := s.manager.Token(ctx)
	if token == "" {
		writeRefusal(w, http.StatusUnauthorized, refusal(CodeUnknown))
		return
	}
	claim, ok, err := s.store.Withdraw(ctx, claimOf(store.ID(s.store.Key(token))))
	if err == nil && ok {
		err = s.grant(r, claim)
	}
	if err != nil {
		s.report(StageLoad, "", err)
		s.manager.ErrorFunc(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// grant renews the token and puts what the claim holds.
func (s *Sessions) grant(r *http.Request, claim []byte) error {
	_, values, err := s.manager.Codec.Decode(claim)
	if err != nil {
		return err
	}
	if err := s.manager.RenewToken(r.Context()); err != nil {
		return err
	}
	for key, value := range values {
		s.manager.Put(r.Context(), key, value)
	}
	return nil
}
