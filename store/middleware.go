package store

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// LoadAndSave is the manager's LoadAndSave with a transaction: what the
// request changes is merged with what others wrote meanwhile. Where the
// session has ended by the time of the commit, the answer is sent as it is,
// without a cookie: a dead session must not replace the cookie of a login that
// has just been made. Where the store fails, manager.ErrorFunc answers and
// what the handler writes is dropped. To a request whose stored session does not
// decode there is none, and what it makes of that, by a login or a logout, takes
// its place.
func (s *Store) LoadAndSave(next http.Handler) http.Handler {
	m := s.manager
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie")
		var token string
		if cookie, err := r.Cookie(m.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx := r.Context()
		if s.transactionOf(ctx) == nil { // there is one where this is nested
			ctx = Begin(ctx)
		}
		ctx, err := s.load(ctx, token)
		if err != nil {
			m.ErrorFunc(w, r, err)
			return
		}
		defer s.abandon(ctx, s.transactionOf(ctx))
		r = r.WithContext(ctx)
		saving := &savingWriter{ResponseWriter: w, manager: m, request: r}
		next.ServeHTTP(saving, r)
		saving.save()
	})
}

// savingWriter commits the session before the first byte of the answer, while
// a cookie can still be set.
type savingWriter struct {
	http.ResponseWriter
	manager *scs.SessionManager
	request *http.Request
	saved   bool // the commit has been tried
	failed  bool // it failed, and ErrorFunc has answered
}

func (w *savingWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.save()
	}
	if !w.failed {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *savingWriter) Write(b []byte) (int, error) {
	w.save()
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (w *savingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError serves http.ResponseController: a flush sends the header.
func (w *savingWriter) FlushError() error {
	w.save()
	if w.failed {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush serves handlers that ask for an http.Flusher.
func (w *savingWriter) Flush() { _ = w.FlushError() }

func (w *savingWriter) save() {
	if w.saved {
		return
	}
	w.saved = true
	// Also when the client has gone: what it asked for was done.
	ctx, m := context.WithoutCancel(w.request.Context()), w.manager
	switch m.Status(ctx) {
	case scs.Modified:
		token, expiry, err := m.Commit(ctx)
		switch {
		case err == nil:
			m.WriteSessionCookie(ctx, w.ResponseWriter, token, expiry)
		case !errors.Is(err, ErrGone):
			w.failed = true
			m.ErrorFunc(w.ResponseWriter, w.request, err)
		}
	case scs.Destroyed:
		m.WriteSessionCookie(ctx, w.ResponseWriter, "", time.Time{})
	}
}
