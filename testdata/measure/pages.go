package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// pages are another node, one without sockets: where people log in and out.
type pages struct {
	manager *scs.SessionManager
	pool    *redis.Pool
	padding int // bytes that a session has besides its seven values
}

func newPages(redisAddr string) *pages {
	p := &pages{manager: scs.New(), pool: newPool(redisAddr)}
	store.Attach(p.manager, redisstore.New(p.pool), store.Options{})
	return p
}

// change changes the session of a token, a new one if that is "", and returns its token.
func (p *pages) change(ctx context.Context, token string, change func(ctx context.Context)) (string, error) {
	ctx, err := p.manager.Load(store.Begin(ctx), token)
	if err != nil {
		return "", err
	}
	change(ctx)
	token, _, err = p.manager.Commit(ctx)
	return token, err
}

// logIn makes a session of seven values and the padding, in pieces as an app has them, and
// returns its token.
func (p *pages) logIn(ctx context.Context) (string, error) {
	return p.change(ctx, "", func(ctx context.Context) {
		p.manager.Put(ctx, "n", 0)
		p.manager.Put(ctx, "admin", false)
		for name, text := range map[string]string{"user": "ann", "email": "ann@example.org", "lang": "en", "cart": "42,7,1", "csrf": "0123456789abcdef"} {
			p.manager.Put(ctx, name, text)
		}
		const pieces = 8
		for i := range min(pieces, p.padding) {
			p.manager.Put(ctx, fmt.Sprint("value", i), strings.Repeat(string(rune('a'+i)), p.padding/pieces))
		}
	})
}

func (p *pages) logOut(ctx context.Context, token string) error {
	ctx, err := p.manager.Load(store.Begin(ctx), token)
	if err != nil {
		return err
	}
	return p.manager.Destroy(ctx)
}

// stored returns what a session in Redis has counted.
func (p *pages) stored(ctx context.Context, token string) (int, error) {
	ctx, err := p.manager.Load(store.Begin(ctx), token)
	if err != nil {
		return 0, err
	}
	return p.manager.GetInt(ctx, "n"), nil
}

// logInMany makes sessions, some at a time, and returns visitors with their tokens.
func (p *pages) logInMany(ctx context.Context, n int) ([]*visitor, error) {
	visitors := make([]*visitor, n)
	return visitors, each(ctx, n, func(i int) error {
		token, err := p.logIn(ctx)
		visitors[i] = &visitor{token: token}
		return err
	})
}

// each calls f for each number below n, several at a time, until one fails.
func each(ctx context.Context, n int, f func(i int) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	numbers := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range numbers {
				if err := f(i); err != nil {
					fail(err)
				}
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		numbers <- i
	}
	close(numbers)
	all.Wait()
	return context.Cause(ctx)
}
