package plugin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

const (
	// claimName is where claims are redeemed, under the resource path, and
	// claimField is the field of the form that carries the secret there.
	claimName  = "session-claim"
	claimField = "claim"

	// claimEvent tells a client to post there: with the secret that it brings, or
	// without one, for the cookie of now.
	claimEvent = "sclaim"

	// claimLife is how long a claim waits to be redeemed, and how long its answer
	// can be had again.
	claimLife = 30 * time.Second
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
	if s.socket.script == oldScript {
		return ErrOldScript
	}
	deadline := s.use.Entry().Snapshot().Deadline
	snapshot, err := s.sessions.store.Encode(deadline, values)
	if err != nil {
		return err
	}
	left := claim{does: claimPuts, bytes: snapshot.Bytes}
	if slices.Contains(options, Clear) {
		left.does = claimClears
	}
	secret := rand.Text() // at least 128 bits
	if err := s.sessions.keepClaim(s, claimOf(s.ID(), secret), left); err != nil {
		return &live.StoreError{Stage: StageSave, Err: err}
	}
	if !s.socket.send(claimEvent, []json.RawMessage{json.RawMessage(strconv.Quote(secret))}) {
		return errSlow // nobody knows the secret
	}
	return nil
}

// claimOf is where a claim is kept. Who lacks the secret or the session's cookie
// asks for another one. The store hashes it: whoever reads that cannot use it.
func claimOf(id, secret string) string { return "claim:" + id + ":" + secret }

// A claim is what is kept of a login: what is to be done, and after that the
// token that it was done under.
type claim struct {
	does  byte
	bytes []byte
}

const (
	claimPuts   = 'p' // the values that the bytes hold
	claimClears = 'c' // the same, into a session that holds nothing else
	claimDone   = 'd' // the bytes are the new token, sealed with the secret
)

func (s *Sessions) keepClaim(ctx context.Context, name string, c claim) error {
	return s.store.Deposit(ctx, name, append([]byte{c.does}, c.bytes...), claimLife)
}

// claimNamed returns what is kept under a name; the zero claim where nothing is.
func (s *Sessions) claimNamed(ctx context.Context, name string) (claim, error) {
	b, ok, err := s.store.Deposited(ctx, name)
	if !ok || len(b) == 0 || err != nil {
		return claim{}, err
	}
	return claim{b[0], b[1:]}, nil
}

// scriptQuery is in the handshake's query of a page that has the client script:
// the version of what the two have agreed upon.
const scriptQuery = "session-script"

const (
	noScript  = 0
	oldScript = 1 // does not know that claims have secrets
)

// scriptOf returns the version of a handshake's page, noScript where it has none.
// Most do not even have the word.
func scriptOf(r *http.Request) int {
	if !strings.Contains(r.URL.RawQuery, scriptQuery) {
		return noScript
	}
	query := r.URL.Query()
	if !query.Has(scriptQuery) {
		return noScript
	}
	version, err := strconv.Atoi(query.Get(scriptQuery))
	if err != nil {
		return oldScript
	}
	return max(version, oldScript)
}
