package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// sessions tests a manager on the backend: what SCS's users see.
func (s suite) sessions(t *testing.T) {
	for _, hashed := range []bool{false, true} {
		t.Run(fmt.Sprintf("HashTokenInStore=%v", hashed), func(t *testing.T) {
			manager := scs.New()
			manager.HashTokenInStore = hashed
			m := &sessionTest{manager, store.Attach(manager, s.open(t))}
			t.Run("DistinctKeys", m.distinctKeys)
			t.Run("Removal", m.removal)
			t.Run("Gone", m.gone)
			t.Run("Shortened", m.shortened)
			t.Run("Unknown", m.unknown)
		})
	}
}

type sessionTest struct {
	*scs.SessionManager
	store *store.Store
}

// begin creates a session with the given values and returns its token.
func (m *sessionTest) begin(t *testing.T, values map[string]any) string {
	t.Helper()
	ctx := m.load(t, "")
	for key, value := range values {
		m.Put(ctx, key, value)
	}
	token, _, err := m.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (m *sessionTest) load(t *testing.T, token string) context.Context {
	t.Helper()
	ctx, err := m.Load(store.Begin(t.Context()), token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (m *sessionTest) commit(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

// distinctKeys holds invariant 1: overlapping commits of distinct keys keep
// them all.
func (m *sessionTest) distinctKeys(t *testing.T) {
	const writers = 16
	token := m.begin(t, map[string]any{"old": "kept"})
	var loaded, all sync.WaitGroup
	loaded.Add(writers)
	for i := range writers {
		all.Go(func() {
			ctx := m.load(t, token)
			loaded.Done()
			loaded.Wait()
			for _, key := range []string{"a", "b"} { // two commits of one context
				m.Put(ctx, fmt.Sprint(key, i), i)
				if _, _, err := m.Commit(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	ctx := m.load(t, token)
	if got := len(m.Keys(ctx)); got != 2*writers+1 {
		t.Errorf("%d keys are left of %d", got, 2*writers+1)
	}
}

func (m *sessionTest) removal(t *testing.T) {
	token := m.begin(t, map[string]any{"user": "alice", "cart": "full"})
	stale, fresh := m.load(t, token), m.load(t, token)
	m.Remove(fresh, "user")
	m.Put(fresh, "cart", "empty")
	m.commit(t, fresh)
	m.Put(stale, "cursor", 7)
	m.commit(t, stale)
	ctx := m.load(t, token)
	if m.Exists(ctx, "user") || m.GetString(ctx, "cart") != "empty" || m.GetInt(ctx, "cursor") != 7 {
		t.Errorf("user %v, cart %v, cursor %v", m.Get(ctx, "user"), m.Get(ctx, "cart"), m.Get(ctx, "cursor"))
	}
}

// gone holds invariant 2: no commit brings a session back.
func (m *sessionTest) gone(t *testing.T) {
	ends := map[string]func(context.Context) error{"Destroy": m.Destroy, "RenewToken": m.RenewToken}
	for name, end := range ends {
		token := m.begin(t, map[string]any{"user": "alice"})
		stale, fresh := m.load(t, token), m.load(t, token)
		if err := end(fresh); err != nil {
			t.Fatal(err)
		}
		m.Put(stale, "late", true)
		if _, _, err := m.Commit(stale); !errors.Is(err, store.ErrGone) {
			t.Errorf("commit after %s: error %v, want ErrGone", name, err)
		}
		if ctx := m.load(t, token); m.Token(ctx) != "" {
			t.Errorf("the session is back after %s", name)
		}
	}
}

// shortened: a stale commit does not lengthen a deadline.
func (m *sessionTest) shortened(t *testing.T) {
	token := m.begin(t, map[string]any{"user": "alice"})
	stale, fresh := m.load(t, token), m.load(t, token)
	m.SetDeadline(fresh, in(later/2))
	m.commit(t, fresh)
	m.Put(stale, "late", true)
	m.commit(t, stale)
	if deadline := m.Deadline(m.load(t, token)); deadline.After(in(later / 2)) {
		t.Errorf("the deadline is %v", deadline)
	}
}

func (m *sessionTest) unknown(t *testing.T) {
	token := key()
	ctx := m.load(t, token)
	if got := m.Token(ctx); got != "" {
		t.Errorf("an unknown token became the session %q", got)
	}
}
