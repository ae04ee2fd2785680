package plugin

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// A RenewOption says what else [Session.Renew] does.
type RenewOption int

// Clear drops what the session held before: it then holds the values of the
// login, and nothing that anybody has put before or puts meanwhile.
const Clear RenewOption = 1

// Renew is the login of a socket. A socket cannot set a cookie, so it leaves a
// claim: a secret goes to this very socket with the event "sclaim", and the
// client script redeems it by a request that carries it beside the session's
// cookie. There the token is renewed, as manager.RenewToken does, the values are
// put, and the new cookie is set. The sockets of the session are then told
// renewed and come back.
//
// A claim is good for 30 s, and for the session that it was made in: with the
// token, every other claim of that session is void. Whoever knows the cookie and
// not the secret gains nothing. If the answer is lost, the same request gets the
// same cookie once more.
//
// It takes effect even if the handler fails afterwards. A client without the
// script answers "sclaim" by itself: it posts the form claim=SECRET to
// session-claim under the resource path. Errors: [ErrGone], [ErrAnonymous],
// [ErrReadOnly], [ErrOver], [ErrOldScript], or what the store or its codec
// reports, or that too much waits for the client; then there is no claim.
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
	if !s.client.send(claimEvent, []json.RawMessage{json.RawMessage(strconv.Quote(secret))}) {
		return errSlow // nobody knows the secret
	}
	return nil
}
