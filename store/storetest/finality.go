package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// finality holds invariant 2: no commit brings back what has ended.
func (s suite) finality(t *testing.T) {
	for name, end := range s.allEnds() {
		t.Run(name, func(t *testing.T) {
			t.Run("Begun", func(t *testing.T) { s.begun(t, end) })
			t.Run("Bare", func(t *testing.T) { s.bareAfter(t, end) })
			t.Run("Held", func(t *testing.T) { s.held(t, end) })
		})
	}
	t.Run("Race", s.race)
	t.Run("Replace", s.replace)
	t.Run("Unknown", s.unknown)
}

// allEnds are the ways in which a session ends, on the given node.
func (s suite) allEnds() map[string]func(*testing.T, *node, string) {
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func(*testing.T, *node, string){
		"Destroy":     func(t *testing.T, n *node, token string) { check(t, n.Destroy(n.load(t, token))) },
		"BareDestroy": func(t *testing.T, n *node, token string) { check(t, n.Destroy(n.bare(t, token))) },
		"BareRenewal": func(t *testing.T, n *node, token string) { check(t, n.RenewToken(n.bare(t, token))) },
		"End":         func(t *testing.T, n *node, token string) { check(t, n.core.End(t.Context(), n.core.Key(token))) },
		"Unmerged":    func(t *testing.T, n *node, token string) { check(t, n.MergeSession(n.load(t, ""), token)) },
		"MergeSession": func(t *testing.T, n *node, token string) {
			ctx := n.load(t, "")
			check(t, n.MergeSession(ctx, token))
			n.commit(t, ctx)
		},
		"Uncommitted": func(t *testing.T, n *node, token string) { check(t, n.RenewToken(n.load(t, token))) },
		"RenewToken": func(t *testing.T, n *node, token string) {
			ctx := n.load(t, token)
			check(t, n.RenewToken(ctx))
			n.commit(t, ctx)
		},
		"Expiry": func(t *testing.T, n *node, token string) {
			ctx := n.load(t, token)
			n.SetDeadline(ctx, in(soon/10))
			n.commit(t, ctx)
			Eventually(t, "the session expires", func() bool {
				_, ok, err := n.store.FindCtx(context.WithoutCancel(t.Context()), n.core.Key(token))
				return err == nil && !ok
			})
		},
	}
}

// begun: a commit in a transaction is refused, each time, from either node.
func (s suite) begun(t *testing.T, end func(*testing.T, *node, string)) {
	t.Helper()
	nodes := s.nodes(t, 2)
	token := nodes[0].login(t, values{"user": "alice"})
	var stale []context.Context
	for _, n := range nodes {
		ctx := n.load(t, token)
		n.Put(ctx, "late", true)
		stale = append(stale, ctx)
	}
	written := nodes[0].load(t, token) // one that has committed before
	nodes[0].Put(written, "early", true)
	nodes[0].commit(t, written)
	end(t, nodes[0], token)
	nodes[0].wantGone(t, written)
	for range 2 {
		for i, n := range nodes {
			n.wantGone(t, stale[i])
			n.wantNone(t, token)
		}
	}
}

// bareAfter: without a transaction, the Store that ended a session refuses a commit of
// it. A session that expired is not known to have ended: no Store ended it.
func (s suite) bareAfter(t *testing.T, end func(*testing.T, *node, string)) {
	t.Helper()
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	bare := n.bare(t, token)
	n.Put(bare, "late", true)
	end(t, n, token)
	if n.core.Ended(n.id(token)) == "" {
		n.core.Expire(n.id(token)) // as a node does that finds out
	}
	n.wantGone(t, bare)
	n.wantNone(t, token)
}

// held: a holder of a snapshot gets ErrGone, whatever it does.
func (s suite) held(t *testing.T, end func(*testing.T, *node, string)) {
	t.Helper()
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	key := n.core.Key(token)
	base, _, ok, err := n.core.Load(t.Context(), key, nil)
	if err != nil || !ok {
		t.Fatalf("Load: ok %v, error %v", ok, err)
	}
	mine, err := n.core.Encode(base.Deadline, values{"late": true})
	if err != nil {
		t.Fatal(err)
	}
	end(t, n, token)
	for _, mine := range []*store.Snapshot{base, mine} { // a save of no change too
		if _, err := n.core.Save(t.Context(), store.Commit{Key: key, Base: base, Mine: mine, Used: in(0)}); !errors.Is(err, store.ErrGone) {
			t.Errorf("Save: error %v, want ErrGone", err)
		}
	}
	if err := n.core.Touch(t.Context(), key, base.Deadline, in(0)); !errors.Is(err, store.ErrGone) {
		t.Errorf("Touch: error %v, want ErrGone", err)
	}
	if err := n.core.End(t.Context(), key); err != nil {
		t.Errorf("End of a session that has ended: %v", err)
	}
	if found, _, ok, err := n.core.Load(t.Context(), key, base); ok || err != nil {
		t.Errorf("Load: %v, error %v", found, err)
	}
	n.wantNone(t, token)
}

// race: writers that write until they are told to stop, and one end.
func (s suite) race(t *testing.T) {
	const rounds, writers = 5, 6
	nodes := s.nodes(t, 2)
	for range rounds {
		token := nodes[0].login(t, values{"user": "alice"})
		var all sync.WaitGroup
		for i := range writers {
			n := nodes[i%len(nodes)]
			ctx := n.load(t, token)
			all.Go(func() {
				for k := 0; ; k++ {
					n.Put(ctx, "k", k)
					if _, _, err := n.Commit(ctx); errors.Is(err, store.ErrGone) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		if err := nodes[0].Destroy(nodes[0].load(t, token)); err != nil {
			t.Error(err)
		}
		all.Wait()
		nodes[1].wantNone(t, token)
	}
}

// replace: without a transaction, a commit replaces an existing session, as in SCS.
func (s suite) replace(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	bare := n.bare(t, token)
	n.put(t, token, "cart", "full")
	n.Put(bare, "user", "bob")
	n.commit(t, bare)
	n.wantValues(t, token, values{"user": "bob"})
	fresh := n.bare(t, "")
	n.Put(fresh, "user", "carol")
	n.commit(t, fresh)
	n.wantValues(t, n.Token(fresh), values{"user": "carol"})
}

// unknown: a made-up token never becomes a session.
func (s suite) unknown(t *testing.T) {
	n := s.node(t)
	token := key()
	ctx := n.load(t, token)
	if got := n.Token(ctx); got != "" {
		t.Errorf("an unknown token became the session %q", got)
	}
	n.Put(ctx, "user", "mallory")
	n.commit(t, ctx)
	n.wantNone(t, token)
}
