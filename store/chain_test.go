package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A chain is one session and those that it goes on in. It belongs to one goroutine.
type chain struct {
	race  *usersRace
	node  *Node
	steps []string
	was   string // whose it was when the race began

	token string
	past  []string // tokens that were renewed, or destroyed
	user  string   // whose it is, as far as was acknowledged
	over  bool     // it was ended, or has expired
	stale context.Context
}

// chainSteps are what happens to a session. The error is what the browser is told.
var chainSteps = map[string]func(c *chain) error{
	"commit":            func(c *chain) error { return c.change(func(ctx context.Context) { c.node.manager.Put(ctx, "n", 1) }) },
	"socket":            (*chain).save,
	"renew":             func(c *chain) error { return c.renew(c.user) },
	"merge":             (*chain).merge,
	"login":             func(c *chain) error { return c.become(c.race.ann) },
	"login by renewal":  func(c *chain) error { return c.renew(c.race.ann) },
	"switch":            func(c *chain) error { return c.become(c.race.bob) },
	"switch by renewal": func(c *chain) error { return c.renew(c.race.bob) },
	"logout":            func(c *chain) error { return c.become("") },
	"destroy": func(c *chain) error {
		ctx := c.load()
		c.past, c.over = append(c.past, c.token), true
		return c.node.manager.Destroy(ctx)
	},
	"expire": func(c *chain) error {
		c.over = true
		return c.change(func(ctx context.Context) { c.node.manager.SetDeadline(ctx, time.Now().Add(time.Millisecond)) })
	},
}

func (c *chain) run(t *testing.T) {
	t.Helper()
	for _, step := range c.steps {
		err := chainSteps[step](c)
		outcome := "done"
		switch {
		case errors.Is(err, store.ErrGone):
			outcome = "gone"
		case err != nil:
			t.Errorf("%s: %v", step, err)
		}
		c.race.mu.Lock()
		c.race.outcomes[step+" "+outcome]++
		c.race.mu.Unlock()
		c.race.stepped <- struct{}{}
		if err != nil {
			c.over = true
			return
		}
		if c.over {
			return
		}
	}
}

func (c *chain) load() context.Context {
	ctx, err := c.node.manager.Load(store.Begin(context.Background()), c.token)
	if err != nil {
		panic(err)
	}
	return ctx
}

// change changes the session in a request. One that is gone is not created.
func (c *chain) change(by func(ctx context.Context)) error {
	ctx := c.load()
	if c.node.manager.Token(ctx) == "" {
		return store.ErrGone
	}
	by(ctx)
	_, _, err := c.node.manager.Commit(ctx)
	return err
}

func (c *chain) become(user string) error {
	err := c.change(func(ctx context.Context) { c.node.manager.Put(ctx, "user", user) })
	if err == nil {
		c.user = user
	}
	return err
}

func (c *chain) renew(user string) error {
	ctx, m := c.load(), c.node.manager
	if m.Token(ctx) == "" {
		return store.ErrGone
	}
	if err := m.RenewToken(ctx); err != nil {
		return err
	}
	m.Put(ctx, "user", user)
	return c.goOn(ctx, user)
}

// merge moves the session into a new one.
func (c *chain) merge() error {
	m := c.node.manager
	before, token := c.token, c.token
	c.token = ""
	ctx := c.load()
	c.token = before
	if err := m.MergeSession(ctx, token); err != nil {
		return err
	}
	if !m.Exists(ctx, "user") {
		return store.ErrGone // it did not find the session
	}
	return c.goOn(ctx, c.user)
}

func (c *chain) goOn(ctx context.Context, user string) error {
	token, _, err := c.node.manager.Commit(ctx)
	c.past = append(c.past, c.token)
	if err != nil {
		c.past = append(c.past, c.node.manager.Token(ctx))
		return err
	}
	c.token, c.user = token, user
	return nil
}

// save is a commit as sockets make it.
func (c *chain) save() error {
	h, err := c.node.snapshots(c.token)
	if err == nil && h == nil {
		return store.ErrGone
	}
	if err != nil {
		return err
	}
	outcome, err := h(map[string]int{"socket": 1})
	if outcome == gone {
		return store.ErrGone
	}
	return err
}

func (c *chain) find(t *testing.T, token string) *store.Snapshot {
	t.Helper()
	found, _, _, err := c.node.store.Load(t.Context(), c.node.store.Key(token), nil)
	if err != nil {
		t.Error(err)
	}
	return found
}
