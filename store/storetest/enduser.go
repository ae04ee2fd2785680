package storetest

import (
	"errors"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

func (n *node) endUser(t *testing.T, user string, want int, except ...string) {
	t.Helper()
	if got, err := n.store.EndUser(t.Context(), user, except...); got != want || err != nil {
		t.Errorf("EndUser ended %d, want %d; error %v", got, want, err)
	}
}

func (s suite) endUser(t *testing.T) {
	nodes, ann := s.crew(t, 3, store.Options{})
	var tokens []string
	for i := range 30 {
		tokens = append(tokens, nodes[i%3].login(t, values{"user": ann}))
	}
	other, nobody := nodes[0].login(t, values{"user": "bob " + ann}), nodes[1].login(t, values{})
	stale := nodes[2].load(t, tokens[0])
	nodes[2].Put(stale, "late", true)
	hearer := nodes[0]
	if !s.has(NoEvents) {
		hearer = nodes[1]
	}
	e := hearer.listen(t, nodes[0], tokens[0])
	nodes[0].endUser(t, ann, len(tokens))
	e.want(t, store.Destroyed)
	nodes[2].wantGone(t, stale)
	for _, n := range nodes {
		for _, token := range tokens {
			n.wantNone(t, token)
		}
		n.wantSessions(t, ann)
		n.wantValues(t, other, values{"user": "bob " + ann})
		n.wantValues(t, nobody, values{})
	}
	nodes[0].endUser(t, ann, 0)
	if _, err := nodes[0].store.EndUser(t.Context(), ""); !errors.Is(err, store.ErrNoUser) {
		t.Errorf("error %v, want ErrNoUser", err)
	}
}

func (s suite) endID(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b := nodes[0], nodes[1]
	first, second, third := a.login(t, values{"user": ann}), b.login(t, values{"user": ann}), b.login(t, values{"user": ann})
	other := b.login(t, values{"user": "bob " + ann})
	renewed := b.renew(t, second, nil)
	device := a.sessions(t, ann)[a.id(renewed)].Device
	for _, id := range []string{device, a.id(first)} {
		if err := a.store.EndID(t.Context(), ann, id); err != nil {
			t.Error(err)
		}
	}
	a.wantNone(t, first)
	a.wantNone(t, renewed)
	b.wantSessions(t, ann, third)
	for _, id := range []string{a.id(other), a.id(first), "", "unknown"} {
		if err := b.store.EndID(t.Context(), ann, id); !errors.Is(err, store.ErrNotTheirs) {
			t.Errorf("error %v, want ErrNotTheirs", err)
		}
	}
	b.wantValues(t, other, values{"user": "bob " + ann})
	ctx := a.load(t, third) // between two tokens it has its device, and ends, too
	device = b.sessions(t, ann)[b.id(third)].Device
	if err := errors.Join(a.RenewToken(ctx), b.store.EndID(t.Context(), ann, device)); err != nil {
		t.Fatal(err)
	}
	a.wantGone(t, ctx)
}

func (s suite) endUserExcept(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b := nodes[0], nodes[1]
	one, two := a.login(t, values{"user": ann}), a.login(t, values{"user": ann})
	a.login(t, values{"user": ann})
	b.endUser(t, ann, 1, b.id(one), a.sessions(t, ann)[a.id(two)].Device)
	b.wantSessions(t, ann, one, two)
	ctx := a.load(t, one) // a request that changes the password
	if err := a.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := a.store.EndUser(ctx, ann, a.store.SessionID(ctx)); n != 1 || err != nil {
		t.Errorf("EndUser ended %d, error %v", n, err)
	}
	a.commit(t, ctx)
	b.wantSessions(t, ann, a.Token(ctx))
}

// endUserRenewing: what is between two tokens ends, and what comes later does not.
func (s suite) endUserRenewing(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b := nodes[0], nodes[1]
	ctx := a.load(t, a.login(t, values{"user": ann}))
	if err := a.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	b.wantSessions(t, ann)
	b.endUser(t, ann, 0)
	a.wantGone(t, ctx)
	a.wantNone(t, a.Token(ctx))
	b.wantSessions(t, ann)

	stock := a.loadWith(t, t.Context(), a.login(t, values{"user": ann})) // as the manager's own LoadAndSave
	if err := a.RenewToken(stock); err != nil {
		t.Fatal(err)
	}
	b.endUser(t, ann, 0)
	a.commit(t, stock) // is dropped
	a.wantNone(t, a.Token(stock))
	b.wantSessions(t, ann)

	login := a.load(t, a.login(t, values{"cart": 1}))
	if err := a.RenewToken(login); err != nil {
		t.Fatal(err)
	}
	a.Put(login, "user", ann)
	b.endUser(t, ann, 0)
	a.commit(t, login) // it was nobody's before
	b.wantSessions(t, ann, a.Token(login))
}

// endUserMerging: a session that goes on in another by MergeSession ends, too.
func (s suite) endUserMerging(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b := nodes[0], nodes[1]
	for _, into := range []string{"", a.login(t, values{"cart": 1})} {
		token := a.login(t, values{"user": ann})
		device := a.sessions(t, ann)[a.id(token)].Device
		ctx := a.load(t, into)
		if err := a.MergeSession(ctx, token); err != nil {
			t.Fatal(err)
		}
		a.commit(t, ctx)
		if got := b.sessions(t, ann)[b.id(a.Token(ctx))].Device; got != device {
			t.Errorf("the device is %q, want %q", got, device)
		}
		b.endUser(t, ann, 1)
	}
	for _, into := range []string{"", a.login(t, values{"cart": 1})} {
		ctx := a.load(t, into)
		if err := a.MergeSession(ctx, a.login(t, values{"user": ann})); err != nil {
			t.Fatal(err)
		}
		b.endUser(t, ann, 0)
		a.wantGone(t, ctx)
		b.wantSessions(t, ann)
	}
}

// endUserAnother: one session goes from user to user.
func (s suite) endUserAnother(t *testing.T) {
	nodes, ann := s.crew(t, 2, store.Options{})
	a, b, bob := nodes[0], nodes[1], "bob "+ann
	token := a.login(t, values{"user": ann})
	b.put(t, token, "user", bob)
	a.wantSessions(t, ann)
	a.wantSessions(t, bob, token)
	a.endUser(t, ann, 0)
	a.wantValues(t, token, values{"user": bob})
	b.put(t, token, "user", ann)
	a.endUser(t, bob, 0)
	a.endUser(t, ann, 1)
	a.wantNone(t, token)
}

// endUserBare: commits without a transaction count.
func (s suite) endUserBare(t *testing.T) {
	nodes, ann := s.crew(t, 1, store.Options{})
	n := nodes[0]
	bare := n.bare(t, "")
	n.Put(bare, "user", ann)
	n.commit(t, bare)
	n.wantSessions(t, ann, n.Token(bare))
	bare = n.bare(t, n.Token(bare))
	n.Put(bare, "user", "bob "+ann)
	n.commit(t, bare)
	n.wantSessions(t, ann)
	n.endUser(t, "bob "+ann, 1)
	n.wantNone(t, n.Token(bare))
}
