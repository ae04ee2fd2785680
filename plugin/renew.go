package plugin

import (
	"crypto/rand"
	"slices"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// A RenewOption says what else [Session.Renew] does.
type RenewOption int

// Clear drops what the session held before. It then holds the values of the login only:
// nothing that anybody put before or puts meanwhile.
const Clear RenewOption = 1

// Renew logs in on a socket. A socket cannot set a cookie, so Renew leaves a claim in
// the store, and sends its secret to this socket only, with the event "sclaim". The
// client script redeems the claim by a request that carries the secret and the
// session's cookie. That request renews the token, as manager.RenewToken does, puts the
// values, and sets the new cookie. The session's sockets are then sent away with
// [CodeRenewed] and come back.
//
// A claim is good for 30 s and for the session that it was made in: once the token is
// renewed, every other claim of that session is void. Whoever knows the cookie but not
// the secret gains nothing. If the answer is lost, the same request gets the same
// cookie again.
//
// The claim stands even if the handler fails afterwards. A client without the script
// must answer "sclaim" itself: it posts the form claim=SECRET to session-claim under
// the resource path.
//
// Errors: [ErrGone], [ErrAnonymous], [ErrReadOnly], [ErrOver], [ErrOldScript], an error
// of the store or its codec, or that too much waits for the client. After an error
// there is no claim.
func (s *Session) Renew(values map[string]any, options ...RenewOption) error {
	if err := s.use.Writable(); err != nil {
		return sessionError(err)
	}
	if s.client.script == oldScript {
		return ErrOldScript
	}
	deadline := s.use.Entry().Snapshot().Deadline
	snapshot, err := s.claims.store.Encode(deadline, values)
	if err != nil {
		return err
	}
	left := claim{does: claimPuts, bytes: snapshot.Bytes}
	if slices.Contains(options, Clear) {
		left.does = claimClears
	}
	secret := rand.Text() // at least 128 bits
	if err := s.claims.keep(s, s.ID(), secret, left); err != nil {
		return &live.StoreError{Stage: StageSave, Err: err}
	}
	if !s.client.tell(claimEvent, secret) {
		return errSlow // nobody knows the secret
	}
	s.claims.told(s, ClaimMade)
	return nil
}
