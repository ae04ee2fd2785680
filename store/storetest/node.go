package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A node is what an app runs in one process: a manager, and its Store on the
// backend.
type node struct {
	*scs.SessionManager
	store   *store.Store
	core    *store.Core
	backend store.Backend
}

// nodes returns n nodes on one new backend.
func (s suite) nodes(t *testing.T, n int) []*node {
	t.Helper()
	backend := s.open(t)
	all := make([]*node, n)
	for i := range all {
		all[i] = s.nodeOn(backend)
	}
	return all
}

func (s suite) nodeOn(backend store.Backend) *node {
	return s.nodeWith(backend, store.Options{})
}

func (s suite) nodeWith(backend store.Backend, options store.Options) *node {
	manager := scs.New()
	manager.HashTokenInStore = s.hashed
	attached := store.Attach(manager, backend, options)
	return &node{manager, attached, attached.Core(), backend}
}

func (s suite) node(t *testing.T) *node {
	t.Helper()
	return s.nodes(t, 1)[0]
}

// pair returns the node that makes events and the node that hears of them: the same one
// Here, two on one backend There.
func (s suite) pair(t *testing.T, where string) (maker, hearer *node) {
	t.Helper()
	if where == "Here" {
		n := s.node(t)
		return n, n
	}
	both := s.nodes(t, 2)
	return both[0], both[1]
}

type values = map[string]any

// login creates a session with the given values and returns its token.
func (n *node) login(t *testing.T, with values) string {
	t.Helper()
	ctx := n.load(t, "")
	for key, value := range with {
		n.Put(ctx, key, value)
	}
	n.commit(t, ctx)
	return n.Token(ctx)
}

func (n *node) id(token string) string { return store.ID(n.core.Key(token)) }

// load returns a context with the session and its own transaction.
func (n *node) load(t *testing.T, token string) context.Context {
	t.Helper()
	return n.loadWith(t, store.Begin(t.Context()), token)
}

// bare returns a context with the session, without a transaction and without a Done
// channel.
func (n *node) bare(t *testing.T, token string) context.Context {
	t.Helper()
	return n.loadWith(t, context.WithoutCancel(t.Context()), token)
}

func (n *node) loadWith(t *testing.T, ctx context.Context, token string) context.Context {
	t.Helper()
	ctx, err := n.Load(ctx, token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (n *node) commit(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, _, err := n.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// put sets one value in its own transaction.
func (n *node) put(t *testing.T, token, key string, value any) {
	t.Helper()
	ctx := n.load(t, token)
	n.Put(ctx, key, value)
	n.commit(t, ctx)
}

// remove removes one value in its own transaction.
func (n *node) remove(t *testing.T, token, key string) {
	t.Helper()
	ctx := n.load(t, token)
	n.Remove(ctx, key)
	n.commit(t, ctx)
}

func (n *node) wantGone(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, _, err := n.Commit(ctx); !errors.Is(err, store.ErrGone) {
		t.Errorf("Commit: error %v, want ErrGone", err)
	}
}

// wantNone fails the test if there is a session under token.
func (n *node) wantNone(t *testing.T, token string) {
	t.Helper()
	if ctx := n.bare(t, token); n.Token(ctx) != "" {
		t.Errorf("there is a session: %v", n.values(ctx))
	}
}

// wantValues fails the test unless the session has exactly these values.
func (n *node) wantValues(t *testing.T, token string, want values) {
	t.Helper()
	ctx := n.bare(t, token)
	if n.Token(ctx) != token {
		t.Error("there is no session")
		return
	}
	got := n.values(ctx)
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %v, want %v", key, got[key], value)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("there are also %v", got)
	}
}

func (n *node) values(ctx context.Context) values {
	all := make(values)
	for _, key := range n.Keys(ctx) {
		all[key] = n.Get(ctx, key)
	}
	return all
}
