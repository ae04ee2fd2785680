package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// newSession returns a manager on an empty Memory, and the token of a session
// with a user.
func newSession(t *testing.T) (*scs.SessionManager, *store.Store, string) {
	t.Helper()
	manager := scs.New()
	s := store.Attach(manager, store.NewMemory(), store.Options{})
	ctx, err := manager.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	manager.Put(ctx, "user", "alice")
	token, _, err := manager.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return manager, s, token
}

// The stack tells which method of SCS calls the store. This tests that the methods still
// have these names.
func TestSocketCannotRenew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		call func(*scs.SessionManager, *store.Store, string) error
		want error
	}{
		{"Destroy", func(m *scs.SessionManager, s *store.Store, token string) error {
			return m.Destroy(socket(t, m, s, token))
		}, nil},
		{"RenewToken", func(m *scs.SessionManager, s *store.Store, token string) error {
			return m.RenewToken(socket(t, m, s, token))
		}, store.ErrNoCookie},
		{"MergeSession", func(m *scs.SessionManager, s *store.Store, token string) error {
			ctx, err := m.Load(t.Context(), "")
			if err != nil {
				return err
			}
			m.Put(ctx, "other", true)
			other, _, err := m.Commit(ctx)
			if err != nil {
				return err
			}
			return m.MergeSession(socket(t, m, s, token), other)
		}, store.ErrNoCookie},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m, s, token := newSession(t)
			if err := test.call(m, s, token); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			_, _, ok, err := s.Core().Load(t.Context(), token, nil)
			if err != nil || ok != (test.want != nil) {
				t.Errorf("the session is there: %v, %v", ok, err)
			}
		})
	}
}

// Without a transaction a commit replaces what is there, as SCS's stores do.
func TestNoTransaction(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	ctx, err := m.Load(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	m.Put(ctx, "user", "bob")
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	found, _, ok, err := s.Core().Load(t.Context(), token, nil)
	if err != nil || !ok || found.Values["user"] != "bob" {
		t.Errorf("found %v, %v, %v", found, ok, err)
	}
}

// socket loads the session as a socket holds it.
func socket(t *testing.T, m *scs.SessionManager, s *store.Store, token string) context.Context {
	t.Helper()
	base, _, ok, err := s.Core().Load(t.Context(), s.Core().Key(token), nil)
	if err != nil || !ok {
		t.Fatalf("load: %v, %v", ok, err)
	}
	ctx, err := m.Load(s.Core().BeginSocket(t.Context(), s.Core().Key(token), token, &heldAt{base, nil}), token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// heldAt is a socket's session that has what it last wrote, or that cannot be written.
type heldAt struct {
	base *store.Snapshot
	err  error
}

func (h *heldAt) Base(any) (*store.Snapshot, error) { return h.base, h.err }
func (h *heldAt) Wrote(_ any, mine *store.Snapshot) { h.base = mine }
