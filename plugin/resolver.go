package plugin

import (
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A resolver finds out which session a request belongs to: that of its ticket, or
// that of the token that the app's cutter finds.
type resolver struct {
	cutter   Cutter
	tickets  *tickets // nil where none are used
	store    *store.Core
	manager  *scs.SessionManager
	failures *failures
}

// ticketOf returns the ticket of a request, "" if there is none or none are used.
func (f *resolver) ticketOf(r *http.Request) string {
	if f.tickets == nil {
		return ""
	}
	return r.URL.Query().Get(ticketQuery)
}

// tryCut calls the app's cutter. The error is its panic.
func (f *resolver) tryCut(r *http.Request) (token string, err error) {
	err = contain(func() error { token = f.cutter(r); return nil })
	return token, err
}

// cut returns the token of a request, "" if there is none or the cutter panics:
// whoever looks for the session reports that.
func (f *resolver) cut(r *http.Request) string {
	token, _ := f.tryCut(r)
	return token
}

// keyOf returns the store key of a handshake's session, and its token. Of a ticket's
// session the token is "" where the key is its hash. at is the stub of the ticket.
func (f *resolver) keyOf(r *http.Request, at *stub) (key, token string, why *Refusal) {
	if ticket := f.ticketOf(r); ticket != "" {
		key, err := f.tickets.redeem(ticket, at)
		switch {
		case err != nil:
			f.failures.report(StageConnect, "", err)
			return "", "", refusal(CodeStoreError)
		case key == "":
			return "", "", refusal(CodeUnknown)
		case f.manager.HashTokenInStore:
			return key, "", nil
		}
		return key, key, nil
	}
	token, err := f.tryCut(r)
	if err != nil {
		f.failures.report(StageConnect, "", err)
		return "", "", refusal(CodeInternal)
	}
	if why := noSession(token); why != nil {
		return "", "", why
	}
	return f.store.Key(token), token, nil
}

// check returns why a request has no session, nil when it has one.
func (f *resolver) check(r *http.Request) *Refusal {
	token, err := f.tryCut(r)
	if err != nil {
		f.failures.report(StageConnect, "", err)
		return refusal(CodeInternal)
	}
	if why := noSession(token); why != nil {
		return why
	}
	_, _, ok, err := f.store.Load(r.Context(), f.store.Key(token), nil)
	switch {
	case err != nil:
		f.failures.report(StageLoad, "", err)
		return refusalOf(&live.StoreError{Stage: StageLoad, Err: err})
	case !ok:
		return f.formerly(f.store.Key(token))
	}
	return nil
}

// formerly returns why there is no session under a key, as far as is known.
func (f *resolver) formerly(key string) *Refusal {
	if kind := f.store.Ended(store.ID(key)); kind != "" {
		return refusalOfEnd(&live.End{Kind: kind})
	}
	return refusal(CodeUnknown)
}

// credential returns what every request of a connection must carry, as its handshake
// did; "" where it carried no single one.
func (f *resolver) credential(r *http.Request) string {
	if ticket := f.ticketOf(r); ticket != "" {
		return ticket
	}
	token := f.cut(r)
	if noSession(token) != nil {
		return "" // later requests need not repeat the surplus cookies
	}
	return token
}

// ended reports whether the session of a token is remembered as ended.
func (f *resolver) ended(token string) bool { return f.store.Ended(store.ID(f.store.Key(token))) != "" }
