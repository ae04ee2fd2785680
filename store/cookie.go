package store

import (
	"context"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A cookie is what a browser knows of its session.
type cookie struct {
	token    string // "" for none
	deadline time.Time
	remember bool // see manager.RememberMe
}

// cookieOf returns the cookie of the session in ctx.
func cookieOf(ctx context.Context, m *scs.SessionManager) cookie {
	return cookie{m.Token(ctx), m.Deadline(ctx), m.GetBool(ctx, "__rememberMe")}
}

func (c cookie) equal(to cookie) bool {
	return c.token == to.token && c.remember == to.remember && c.deadline.Equal(to.deadline)
}

// A browser is the one that a request came from. It has its own lock, and its zero
// value is ready to use.
type browser struct {
	mu     sync.Mutex
	has    *cookie // nil outside of LoadAndSave
	forced bool    // the answer carries the cookie in any case
}

// came notes the cookie that the browser came with. Where one LoadAndSave is inside
// another, the outer one counts.
func (b *browser) came(with cookie) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.has == nil {
		b.has = &with
	}
}

// force makes the answer carry the session's cookie.
func (b *browser) force() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forced = true
}

func (b *browser) isForced() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.forced
}

// lacks reports whether the answer must carry a cookie, and notes that it does. Where
// the manager has an idle timeout, each answer must.
func (b *browser) lacks(c cookie, idle bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !idle && !b.forced && b.has.equal(c) {
		return false
	}
	b.has = &c
	return true
}

// knows reports whether the browser has a cookie with the token.
func (b *browser) knows(token string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return token != "" && b.has.token == token
}

// SendCookie makes [Store.LoadAndSave] send the session's cookie with the answer to
// this request, even if nothing was changed or the browser seems to have it.
func (c *Core) SendCookie(ctx context.Context) {
	if tx := c.transactionOf(ctx); tx != nil {
		tx.browser.force()
	}
}
