package storetest

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// iterate tests invariants 1 and 2 for what Iterate commits, through each kind of
// context.
func (s suite) iterate(t *testing.T) {
	if s.has(NoList) {
		return
	}
	for name, within := range map[string]func(*testing.T, *node, string, func(context.Context)){
		"Begun": func(t *testing.T, n *node, token string, f func(context.Context)) { t.Helper(); f(n.load(t, token)) },
		"Ours": func(t *testing.T, n *node, token string, f func(context.Context)) {
			t.Helper()
			s.inRequest(t, n, n.store.LoadAndSave, token, f)
		},
		"Stock": func(t *testing.T, n *node, token string, f func(context.Context)) {
			t.Helper()
			s.inRequest(t, n, n.LoadAndSave, token, f)
		},
		"Socket": func(t *testing.T, n *node, token string, f func(context.Context)) {
			t.Helper()
			f(n.socket(t, token, token))
		},
		"Ticket": func(t *testing.T, n *node, token string, f func(context.Context)) {
			t.Helper()
			f(n.socket(t, token, "stand-in"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("Merge", func(t *testing.T) { s.iterateMerging(t, within, name != "Socket" && name != "Ticket") })
			t.Run("Ended", func(t *testing.T) { s.iterateEnded(t, within) })
			t.Run("Destroy", func(t *testing.T) { s.iterateDestroying(t, within) })
		})
	}
	t.Run("Bare", s.iterateBare)
	t.Run("Renewal", s.iterateInRenewal)
}

type within = func(*testing.T, *node, string, func(context.Context))

func (s suite) inRequest(t *testing.T, n *node, wrap func(http.Handler) http.Handler, token string, f func(context.Context)) {
	t.Helper()
	web := s.site(t, n, func(_ *node, h http.Handler) http.Handler { return wrap(h) },
		func(_ http.ResponseWriter, r *http.Request) { f(r.Context()) })
	if status, _ := web.get(t, "/", token); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}

// socket loads the session as a socket holds it. SCS knows it by name.
func (n *node) socket(t *testing.T, token, name string) context.Context {
	t.Helper()
	key := n.core.Key(token)
	if !n.HashTokenInStore {
		name = token // which is the key
	}
	base, _, ok, err := n.core.Load(t.Context(), key, nil)
	if err != nil || !ok {
		t.Fatalf("Load: ok %v, error %v", ok, err)
	}
	held := &holder{base}
	ctx := n.core.BeginSocket(context.WithoutCancel(t.Context()), key, name, held)
	return n.loadWith(t, ctx, name)
}

// holder is a socket's session that goes on from what its handler was shown.
type holder struct{ base *store.Snapshot }

func (h *holder) Base(any) (*store.Snapshot, error) { return h.base, nil }
func (h *holder) Wrote(any, *store.Snapshot)        {}

// listing returns nodes that can list what other tests have left.
func (s suite) listing(t *testing.T, n int) []*node {
	t.Helper()
	nodes := s.nodes(t, n)
	for _, n := range nodes {
		n.Codec = lenient{n.Codec}
	}
	return nodes
}

// lenient is a codec that decodes bytes of no session as an empty session.
type lenient struct{ scs.Codec }

func (l lenient) Decode(b []byte) (time.Time, map[string]any, error) {
	deadline, values, err := l.Codec.Decode(b)
	if err != nil {
		return in(later), map[string]any{}, nil
	}
	return deadline, values, err
}

// mark is a key of the sessions of one test.
const mark = "mark"

// each runs f for every session with a mark: the backend may hold others.
func (n *node) each(t *testing.T, ctx context.Context, value string, f func(ctx context.Context)) {
	t.Helper()
	err := n.Iterate(ctx, func(ctx context.Context) error {
		if n.GetString(ctx, mark) == value {
			f(ctx)
		}
		return nil
	})
	if err != nil {
		t.Errorf("Iterate: %v", err)
	}
}

// iterateMerging: each commit merges with what others wrote since the list was made, also
// the second one, and also of the caller's own session. But a socket has one base for all
// that it commits.
func (s suite) iterateMerging(t *testing.T, within within, ownToo bool) {
	t.Helper()
	test, nodes := key(), s.listing(t, 2)
	n, other := nodes[0], nodes[1]
	tokens := []string{n.login(t, values{mark: test, "old": 1, "mine": true}), n.login(t, values{mark: test, "old": 1}), n.login(t, values{mark: test, "old": 1})}
	within(t, n, tokens[0], func(ctx context.Context) {
		n.Put(ctx, "own", true)
		n.commit(t, ctx)
		for _, token := range tokens {
			other.put(t, token, "before", true)
		}
		listed := false
		n.each(t, ctx, test, func(ctx context.Context) {
			if !listed { // every session has been listed
				listed = true
				for _, token := range tokens {
					other.put(t, token, "theirs", true)
				}
			}
			if ownToo || !n.Exists(ctx, "mine") {
				n.Put(ctx, "passing", true)
				n.commit(t, ctx)
				n.Remove(ctx, "passing")
			}
			n.Remove(ctx, "old")
			n.Put(ctx, "notice", true)
			n.commit(t, ctx)
		})
		n.Put(ctx, "after", true)
		n.commit(t, ctx)
	})
	other.wantValues(t, tokens[0], values{mark: test, "mine": true, "own": true, "before": true, "theirs": true, "notice": true, "after": true})
	for _, token := range tokens[1:] {
		other.wantValues(t, token, values{mark: test, "before": true, "theirs": true, "notice": true})
	}
	s.wantSessions(t, other, test, len(tokens))
}

// iterateEnded: a session that has ended since it was listed does not come back.
func (s suite) iterateEnded(t *testing.T, within within) {
	t.Helper()
	test, nodes := key(), s.listing(t, 2)
	n, other := nodes[0], nodes[1]
	own, dead := n.login(t, values{mark: test}), n.login(t, values{mark: test})
	within(t, n, own, func(ctx context.Context) {
		seen := 0
		n.each(t, ctx, test, func(ctx context.Context) {
			if seen++; seen == 1 {
				if err := other.Destroy(other.load(t, dead)); err != nil {
					t.Error(err)
				}
			}
			n.Put(ctx, "notice", true)
			if _, _, err := n.Commit(ctx); err != nil && !errors.Is(err, store.ErrGone) {
				t.Errorf("Commit: %v", err)
			}
		})
	})
	other.wantNone(t, dead)
	other.wantValues(t, own, values{mark: test, "notice": true})
	s.wantSessions(t, other, test, 1)
}

// iterateDestroying: Destroy of others leaves the caller's own session alone.
func (s suite) iterateDestroying(t *testing.T, within within) {
	t.Helper()
	test, n := key(), s.listing(t, 1)[0]
	own := n.login(t, values{mark: test, "admin": true})
	others := []string{n.login(t, values{mark: test}), n.login(t, values{mark: test})}
	within(t, n, own, func(ctx context.Context) {
		n.each(t, ctx, test, func(ctx context.Context) {
			if !n.GetBool(ctx, "admin") {
				if err := n.Destroy(ctx); err != nil {
					t.Errorf("Destroy: %v", err)
				}
			}
		})
		n.Put(ctx, "done", true)
		n.commit(t, ctx)
	})
	for _, token := range others {
		n.wantNone(t, token)
		if why := n.core.Ended(n.id(token)); why != store.Destroyed {
			t.Errorf("it has ended as %q", why)
		}
	}
	n.wantValues(t, own, values{mark: test, "admin": true, "done": true})
	s.wantSessions(t, n, test, 1)
}

// iterateBare: without a transaction Iterate does as SCS does, and creates no session.
func (s suite) iterateBare(t *testing.T) {
	test, n := key(), s.listing(t, 1)[0]
	kept, destroyed, dead := n.login(t, values{mark: test, "keep": true}), n.login(t, values{mark: test}), n.login(t, values{mark: test})
	first := true
	n.each(t, context.WithoutCancel(t.Context()), test, func(ctx context.Context) {
		if first {
			first = false
			if err := n.core.End(t.Context(), n.core.Key(dead)); err != nil {
				t.Error(err)
			}
		}
		if !n.GetBool(ctx, "keep") {
			if err := n.Destroy(ctx); err != nil {
				t.Error(err)
			}
			return
		}
		n.Put(ctx, "notice", true)
		n.commit(t, ctx)
	})
	n.wantNone(t, destroyed)
	n.wantNone(t, dead)
	n.wantValues(t, kept, values{mark: test, "keep": true, "notice": true})
	s.wantSessions(t, n, test, 1)
}

// iterateInRenewal: Destroy of others leaves the caller's renewal alone.
func (s suite) iterateInRenewal(t *testing.T) {
	test, n := key(), s.listing(t, 1)[0]
	own, other := n.login(t, values{mark: test, "own": true}), n.login(t, values{mark: test})
	ctx := n.load(t, own)
	if err := n.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	n.each(t, ctx, test, func(ctx context.Context) {
		if err := n.Destroy(ctx); err != nil {
			t.Error(err)
		}
	})
	n.commit(t, ctx)
	n.wantNone(t, other)
	n.wantValues(t, n.Token(ctx), values{mark: test, "own": true})
	if why := n.core.Ended(n.id(own)); why != store.Renewed {
		t.Errorf("the caller's has ended as %q", why)
	}
}

// wantSessions fails the test unless so many sessions have a mark.
func (s suite) wantSessions(t *testing.T, n *node, test string, want int) {
	t.Helper()
	got := 0
	n.each(t, context.WithoutCancel(t.Context()), test, func(context.Context) { got++ })
	if got != want {
		t.Errorf("there are %d sessions, want %d", got, want)
	}
}
