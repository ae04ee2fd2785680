package store

import (
	"context"
	"errors"
	"net/http"
)

// LoadAndSave is the manager's LoadAndSave with a transaction: it merges what the
// request changes with what others wrote meanwhile.
//
// A session that has ended by the time of the commit gets no cookie: a dead session
// must not replace the cookie of a fresh login. The answer is sent as it is. Nor does
// a browser get a cookie that it has already, if the manager has no IdleTimeout.
//
// If the store fails, manager.ErrorFunc answers, and what the handler writes is
// dropped. A stored session that does not decode counts as none. A login or logout of
// the request deletes it.
//
// A handler may take over the connection, as for a websocket. Its changes are saved
// then and when it returns, without a cookie.
func (s *Store) LoadAndSave(next http.Handler) http.Handler {
	c, m := &s.core, s.core.manager
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie")
		var token string
		if cookie, err := r.Cookie(m.Cookie.Name); err == nil {
			token = cookie.Value
		}
		ctx := r.Context()
		if c.transactionOf(ctx) == nil { // there is one inside of another LoadAndSave
			ctx = Begin(ctx)
		}
		ctx, err := c.loadRequest(ctx, token)
		if err != nil {
			m.ErrorFunc(w, r, err)
			return
		}
		tx := c.transactionOf(ctx)
		defer c.abandon(ctx, tx)
		if has := cookieOf(ctx, m); has.token == token {
			tx.browser.came(has)
		} else {
			tx.browser.came(cookie{})
		}
		r = r.WithContext(ctx)
		saving := &savingWriter{ResponseWriter: w, manager: m, tx: tx, request: r}
		next.ServeHTTP(saving, r)
		saving.finish()
	})
}

// loadRequest is the manager's Load, to which a stored session that does not decode is
// none. The first commit or Destroy in the transaction of ctx deletes that session.
func (c *Core) loadRequest(ctx context.Context, token string) (context.Context, error) {
	var loaded context.Context
	err := contain("load", func() (err error) {
		loaded, err = c.manager.Load(ctx, token)
		return err
	})
	if err == nil {
		return loaded, nil
	}
	key := c.Key(token)
	if _, _, _, found := c.Load(ctx, key, nil); !errors.Is(found, ErrMalformed) {
		return nil, errors.Unwrap(err)
	}
	c.malformed.report(ID(key), err)
	c.transactionOf(ctx).lineage.setMalformed(key)
	return c.manager.Load(ctx, "")
}
