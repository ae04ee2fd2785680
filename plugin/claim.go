package plugin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	// claimName is where claims are redeemed, under the resource path, and
	// claimField is the field of the form that carries the secret there.
	claimName  = "session-claim"
	claimField = "claim"

	// claimEvent tells a client to post there: the secret that the event brings, or
	// nothing, for the cookie of now.
	claimEvent = "sclaim"

	// claimLife is how long a claim waits to be redeemed, and how long its answer
	// can be had again.
	claimLife = 30 * time.Second
)

// A claim is what the store keeps of a login: first what is to be done, and after
// that the token that it was done under. What does says tells the version of the bytes,
// too: a release that lays them out in another way takes other letters.
type claim struct {
	does  byte
	bytes []byte
}

const (
	claimPuts   = 'p' // the values that the bytes hold
	claimClears = 'c' // the same, into a session that holds nothing else
	claimDone   = 'd' // the bytes are the new token, sealed with the secret
)

// claims are the logins that sockets have left in the store. A claim is found by the
// id of its session and a secret.
type claims struct {
	store *store.Core
	told  func(ctx context.Context, outcome string) // what becomes of one
}

// claimOf returns the name that a claim is kept under. Whoever lacks the secret or
// the session's cookie asks for another name. The store keeps only a hash of it:
// whoever reads the store cannot use the claim.
func claimOf(id, secret string) string { return "claim:" + id + ":" + secret }

// keep stores a claim, in place of an earlier one.
func (c *claims) keep(ctx context.Context, id, secret string, left claim) error {
	return c.store.Deposit(ctx, claimOf(id, secret), append([]byte{left.does}, left.bytes...), claimLife)
}

// find returns a claim; the zero claim if there is none. One that a later release has left
// is an error: the script asks again, and may reach a node that knows it.
func (c *claims) find(ctx context.Context, id, secret string) (claim, error) {
	b, ok, err := c.store.Deposited(ctx, claimOf(id, secret))
	if !ok || len(b) == 0 || err != nil {
		return claim{}, err
	}
	switch b[0] {
	case claimPuts, claimClears, claimDone:
		return claim{b[0], b[1:]}, nil
	}
	return claim{}, fmt.Errorf("sessions: a claim: %w", errLater)
}

// done replaces a claim by the new token, for whoever asks again: the answer may be
// lost, and without it the browser has only the cookie of a session that is over.
// That takes the secret and that cookie, as the login did. The store holds what only
// the secret opens.
func (c *claims) done(ctx context.Context, id, secret, fresh string) error {
	aead, err := sealOf(secret)
	if err != nil {
		return err
	}
	sealed := aead.Seal(nil, nil, []byte(fresh), nil) //nolint:gosec // it makes its nonces by itself
	return c.keep(ctx, id, secret, claim{claimDone, sealed})
}

// token returns the new token of a claim that is done.
func (c claim) token(secret string) (string, error) {
	aead, err := sealOf(secret)
	if err != nil {
		return "", err
	}
	fresh, err := aead.Open(nil, nil, c.bytes, nil)
	return string(fresh), err
}

func sealOf(secret string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("token:" + secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
