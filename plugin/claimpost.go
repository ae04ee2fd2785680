package plugin

import (
	"context"
	"errors"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// maxClaimBody bounds the form of a claim, in bytes.
const maxClaimBody = 4096

// A redeemer answers the POSTs of the client script that redeem claims.
type redeemer struct {
	posts    *posts
	claims   *claims
	resolver *resolver
	manager  *scs.SessionManager
	attached *store.Store
	failures *failures
}

// ServeHTTP redeems the claim that a request has the secret of. Without a secret it
// only sends the cookie that the browser should have: the token stays.
func (d *redeemer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := cutCookie(r, d.manager.Cookie.Name)
	if !d.posts.takes(w, r) || d.posts.ambiguities.refuses(w, r, token, claimName) {
		return
	}
	secret, ok := secretOf(w, r)
	switch {
	case !ok:
		http.Error(w, "the body is no form with a claim", http.StatusBadRequest)
	case token == "":
		if secret != "" {
			d.claims.told(r.Context(), ClaimLost)
		}
		writeRefusal(w, http.StatusUnauthorized, refusal(CodeNoCookie))
	case secret == "":
		d.attached.LoadAndSave(http.HandlerFunc(d.sendCookie)).ServeHTTP(w, r)
	default:
		d.redeem(w, r, d.resolver.store.Key(token), secret)
	}
}

// secretOf returns the secret of a claim, "" where there is no body. The secret is in
// a form: a page of an allowed origin sends that without a preflight, and it is in no
// log, as a URL would be. Any other body is not ok: its sender would take the answer
// for that of a login.
func secretOf(w http.ResponseWriter, r *http.Request) (secret string, ok bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxClaimBody)
	if err := r.ParseForm(); err != nil {
		return "", false
	}
	secret = r.PostForm.Get(claimField)
	return secret, secret != "" || r.ContentLength == 0
}

// sendCookie sends the session's cookie, even if it has not changed.
func (d *redeemer) sendCookie(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	token := d.manager.Token(ctx)
	if token == "" {
		writeRefusal(w, http.StatusUnauthorized, refusal(CodeUnknown))
		return
	}
	if d.manager.Status(ctx) == scs.Unmodified { // else LoadAndSave sends it
		d.manager.WriteSessionCookie(ctx, w, token, d.manager.Deadline(ctx))
	}
	w.WriteHeader(http.StatusNoContent)
}

// redeem performs the login that was left under a secret in the session of a store
// key. It succeeds once: it renews this token, and of several who try, one finds the
// session still there.
func (d *redeemer) redeem(w http.ResponseWriter, r *http.Request, key, secret string) {
	id, outcome := store.ID(key), ClaimFailed
	defer func() { d.claims.told(r.Context(), outcome) }()
	c, err := d.claims.find(r.Context(), id, secret)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	switch c.does {
	case claimPuts, claimClears:
		d.attached.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fresh, err := d.grant(r.Context(), c)
			switch {
			case errors.Is(err, store.ErrGone):
				outcome = ClaimLost
				writeRefusal(w, http.StatusUnauthorized, d.resolver.formerly(key))
			case err != nil:
				d.fail(w, r, err)
			default:
				outcome = ClaimRedeemed
				if err := d.claims.done(context.WithoutCancel(r.Context()), id, secret, fresh); err != nil {
					d.failures.report(StageSave, "", err)
				}
				w.WriteHeader(http.StatusNoContent)
			}
		})).ServeHTTP(w, r)
	case claimDone:
		if d.repeat(w, r, secret, c) {
			outcome = ClaimRepeated
		}
	default:
		outcome = ClaimLost
		http.Error(w, "there is no such claim", http.StatusForbidden)
	}
}

// grant renews the token, puts what the claim holds, and commits, also if the client
// has left meanwhile. It returns the new token. [ErrGone] says that the session has
// ended.
func (d *redeemer) grant(ctx context.Context, c claim) (fresh string, err error) {
	ctx = context.WithoutCancel(ctx)
	if d.manager.Token(ctx) == "" {
		return "", store.ErrGone
	}
	core := d.attached.Core()
	login, err := core.Decode(c.bytes)
	if err != nil {
		return "", err
	}
	if err := d.manager.RenewToken(ctx); err != nil {
		return "", err
	}
	if c.does == claimClears {
		core.CarryNothingOver(ctx)
		if err := d.manager.Clear(ctx); err != nil {
			return "", err
		}
	}
	for key, value := range login.Values {
		d.manager.Put(ctx, key, value)
	}
	fresh, _, err = d.manager.Commit(ctx)
	return fresh, err
}

// repeat answers a claim that was redeemed before, for as long as the new session
// lives. It reports whether it could.
func (d *redeemer) repeat(w http.ResponseWriter, r *http.Request, secret string, c claim) bool {
	fresh, err := c.token(secret)
	if err != nil {
		d.fail(w, r, err)
		return false
	}
	r = r.Clone(r.Context())
	r.Header.Set("Cookie", d.manager.Cookie.Name+"="+fresh)
	d.attached.LoadAndSave(http.HandlerFunc(d.sendCookie)).ServeHTTP(w, r)
	return true
}

// fail answers a claim that could not be looked up or redeemed.
func (d *redeemer) fail(w http.ResponseWriter, r *http.Request, err error) {
	d.failures.report(StageLoad, "", err)
	d.manager.ErrorFunc(w, r, err)
}
