package plugin

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// maxClaimBody bounds the form of a claim, in bytes.
const maxClaimBody = 4096

// serveClaim redeems the claim that a request has the secret of. Without a
// secret it only sends the cookie that the browser should have: the token stays.
func (s *Sessions) serveClaim(w http.ResponseWriter, r *http.Request) {
	token := cutCookie(r, s.manager.Cookie.Name)
	if !s.takesPost(w, r) || s.refusesAmbiguous(w, r, token, claimName) {
		return
	}
	secret, ok := secretOf(w, r)
	switch {
	case !ok:
		http.Error(w, "the body is no form with a claim", http.StatusBadRequest)
	case token == "":
		writeRefusal(w, http.StatusUnauthorized, refusal(CodeNoCookie))
	case secret == "":
		s.attached.LoadAndSave(http.HandlerFunc(s.sendCookie)).ServeHTTP(w, r)
	default:
		s.redeemClaim(w, r, token, secret)
	}
}

// secretOf returns the secret of a claim, "" where there is no body. It is in a
// form: a page of an allowed origin sends that without a preflight, and no log
// has it, as it would have a URL. Any other body is not ok: whoever sent it would
// take the answer for that of a login.
func secretOf(w http.ResponseWriter, r *http.Request) (secret string, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxClaimBody)
	if err := r.ParseForm(); err != nil {
		return "", false
	}
	secret = r.PostForm.Get(claimField)
	return secret, secret != "" || r.ContentLength == 0
}

// sendCookie sends the session's cookie, also where it has not changed.
func (s *Sessions) sendCookie(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token := s.manager.Token(ctx)
	if token == "" {
		writeRefusal(w, http.StatusUnauthorized, refusal(CodeUnknown))
		return
	}
	if s.manager.Status(ctx) == scs.Unmodified { // else LoadAndSave sends it
		s.manager.WriteSessionCookie(ctx, w, token, s.manager.Deadline(ctx))
	}
	w.WriteHeader(http.StatusNoContent)
}

// redeemClaim makes the login that was left under the secret in the session of
// the token. It cannot be made twice: what is renewed is this token, and of many
// who try, one finds the session still there.
func (s *Sessions) redeemClaim(w http.ResponseWriter, r *http.Request, token, secret string) {
	key := s.store.Key(token)
	name := claimOf(store.ID(key), secret)
	c, err := s.claimNamed(r.Context(), name)
	if err != nil {
		s.failClaim(w, r, err)
		return
	}
	switch c.does {
	case claimPuts, claimClears:
		s.attached.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fresh, err := s.grant(r.Context(), c)
			switch {
			case errors.Is(err, store.ErrGone):
				writeRefusal(w, http.StatusUnauthorized, s.formerly(key))
			case err != nil:
				s.failClaim(w, r, err)
			default:
				s.remember(r.Context(), name, secret, fresh)
				w.WriteHeader(http.StatusNoContent)
			}
		})).ServeHTTP(w, r)
	case claimDone:
		s.repeat(w, r, secret, c)
	default:
		http.Error(w, "there is no such claim", http.StatusForbidden)
	}
}

// grant renews the token, puts what the claim holds, and commits. The client's
// leaving stops none of that. It returns the new token. [ErrGone] says that the
// session has ended.
func (s *Sessions) grant(ctx context.Context, c claim) (fresh string, err error) {
	ctx = context.WithoutCancel(ctx)
	if s.manager.Token(ctx) == "" {
		return "", store.ErrGone
	}
	login, err := s.store.Decode(c.bytes)
	if err != nil {
		return "", err
	}
	if err := s.manager.RenewToken(ctx); err != nil {
		return "", err
	}
	if c.does == claimClears {
		s.store.CarryNothingOver(ctx)
		if err := s.manager.Clear(ctx); err != nil {
			return "", err
		}
	}
	for key, value := range login.Values {
		s.manager.Put(ctx, key, value)
	}
	fresh, _, err = s.manager.Commit(ctx)
	return fresh, err
}

// remember keeps the new token for whoever asks again: the answer may be lost,
// and without it the browser has only the cookie of a session that is over. It
// takes the secret and that cookie, as the login did, and the store holds what
// none but the secret opens.
func (s *Sessions) remember(ctx context.Context, name, secret, fresh string) {
	aead, err := sealOf(secret)
	if err == nil {
		sealed := aead.Seal(nil, nil, []byte(fresh), nil) //nolint:gosec // it makes its nonces by itself
		err = s.keepClaim(context.WithoutCancel(ctx), name, claim{claimDone, sealed})
	}
	if err != nil {
		s.report(StageSave, "", err)
	}
}

// repeat answers a claim that was redeemed before, as long as the new session
// lives.
func (s *Sessions) repeat(w http.ResponseWriter, r *http.Request, secret string, c claim) {
	aead, err := sealOf(secret)
	if err != nil {
		s.failClaim(w, r, err)
		return
	}
	fresh, err := aead.Open(nil, nil, c.bytes, nil)
	if err != nil {
		s.failClaim(w, r, err)
		return
	}
	r = r.Clone(r.Context())
	r.Header.Set("Cookie", s.manager.Cookie.Name+"="+string(fresh))
	s.attached.LoadAndSave(http.HandlerFunc(s.sendCookie)).ServeHTTP(w, r)
}

func sealOf(secret string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("token:" + secret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s *Sessions) failClaim(w http.ResponseWriter, r *http.Request, err error) {
	s.report(StageLoad, "", err)
	s.manager.ErrorFunc(w, r, err)
}
