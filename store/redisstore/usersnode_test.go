package redisstore_test

import (
	"context"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A usersNode is a node that knows whose sessions there are.
type usersNode struct {
	*scs.SessionManager
	sessions *store.Store
}

func newUsersNode(backend store.Backend, options store.Options) *usersNode {
	options.User = func(values map[string]any) string { user, _ := values["user"].(string); return user }
	n := &usersNode{SessionManager: scs.New()}
	n.HashTokenInStore = true
	n.sessions = store.Attach(n.SessionManager, backend, options)
	return n
}

func (n *usersNode) load(t *testing.T, token string) context.Context {
	t.Helper()
	ctx, err := n.Load(store.Begin(t.Context()), token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (n *usersNode) put(t *testing.T, token, key string, value any) string {
	t.Helper()
	ctx := n.load(t, token)
	n.Put(ctx, key, value)
	return n.commit(t, ctx)
}

func (n *usersNode) commit(t *testing.T, ctx context.Context) string {
	t.Helper()
	token, _, err := n.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (n *usersNode) login(t *testing.T, user string) string {
	t.Helper()
	return n.put(t, "", "user", user)
}

// renew is a login in a session that is there.
func (n *usersNode) renew(t *testing.T, token, user string) string {
	t.Helper()
	ctx := n.load(t, token)
	if err := n.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	n.Put(ctx, "user", user)
	return n.commit(t, ctx)
}

func (n *usersNode) logout(t *testing.T, token string) {
	t.Helper()
	if err := n.Destroy(n.load(t, token)); err != nil {
		t.Fatal(err)
	}
}
