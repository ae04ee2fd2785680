package store

import (
	"context"
	"net/http"
	"time"
)

// LoadAndSave is the manager's LoadAndSave with a transaction: what the
// request changes is merged with what others wrote meanwhile. Where the
// session has ended by the time of the commit, the answer is sent as it is,
// without a cookie: a dead session must not replace the cookie of a login that
// has just been made. Nor is one sent that the browser has already, where the
// manager has no IdleTimeout. Where the store fails, manager.ErrorFunc answers and
// what the handler writes is dropped. To a request whose stored session does not
// decode there is none, and what it makes of that, by a login or a logout, takes
// its place.
//
// A handler may take the connection over, as for a websocket: what it has changed
// is saved then and when it returns, without a cookie.
func (s *Store) LoadAndSave(next http.Handler) http.Handler {
	m := s.core.manager
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie")
		var token string
		if cookie, err := r.Cookie(m.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx := r.Context()
		if s.core.transactionOf(ctx) == nil { // there is one where this is nested
			ctx = Begin(ctx)
		}
		ctx, err := s.core.load(ctx, token)
		if err != nil {
			m.ErrorFunc(w, r, err)
			return
		}
		tx := s.core.transactionOf(ctx)
		defer s.core.abandon(ctx, tx)
		if has := s.core.cookieOf(ctx); has.token == token {
			tx.arrived(has)
		} else {
			tx.arrived(cookie{})
		}
		r = r.WithContext(ctx)
		saving := &savingWriter{ResponseWriter: w, core: &s.core, tx: tx, request: r}
		next.ServeHTTP(saving, r)
		saving.finish()
	})
}

// A cookie is what a browser knows of its session, as far as we do.
type cookie struct {
	token    string // "" for none
	deadline time.Time
	remember bool // see manager.RememberMe
}

func (c *Core) cookieOf(ctx context.Context) cookie {
	m := c.manager
	return cookie{m.Token(ctx), m.Deadline(ctx), m.GetBool(ctx, "__rememberMe")}
}

func (c cookie) equal(to cookie) bool {
	return c.token == to.token && c.remember == to.remember && c.deadline.Equal(to.deadline)
}

// SendCookie makes [Store.LoadAndSave] send the session's cookie with the answer
// to this request, also where nothing was changed or the browser seems to have it.
func (c *Core) SendCookie(ctx context.Context) {
	if tx := c.transactionOf(ctx); tx != nil {
		tx.mu.Lock()
		defer tx.mu.Unlock()
		tx.send = true
	}
}

// arrived notes what the browser came with, for the outermost of those who nest.
func (t *transaction) arrived(with cookie) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.browser == nil {
		t.browser = &with
	}
}

// lacks tells whether a cookie is to be sent, and notes that it was.
func (t *transaction) lacks(c cookie, idle bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !idle && !t.send && t.browser.equal(c) {
		return false
	}
	t.browser = &c
	return true
}

func (t *transaction) sends() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.send
}

// knows tells whether the browser has a cookie of the token.
func (t *transaction) knows(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return token != "" && t.browser.token == token
}
