package store_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A session that was destroyed does not go on under a new token.
func TestRenewAfterDestroy(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	ctx := loadBegun(t, m, token)
	if err := s.Core().End(t.Context(), token); err != nil { // logout elsewhere
		t.Fatal(err)
	}
	if err := m.RenewToken(ctx); err != nil {
		t.Log("RenewToken:", err)
		return
	}
	_, _, err := m.Commit(ctx)
	if got := m.GetString(loadBegun(t, m, m.Token(ctx)), "user"); err == nil || got != "" {
		t.Errorf("commit error %v, the new token is logged in as %q", err, got)
	}
}

// Of two simultaneous renewals of one session, one succeeds.
func TestTwoRenewals(t *testing.T) {
	t.Parallel()
	m, _, token := newSession(t)
	a, b := loadBegun(t, m, token), loadBegun(t, m, token)
	for _, ctx := range []context.Context{a, b} {
		if err := m.RenewToken(ctx); err != nil {
			t.Log(err)
		}
	}
	_, _, errA := m.Commit(a)
	_, _, errB := m.Commit(b)
	if errA == nil && errB == nil {
		t.Error("both renewals live")
	}
}

// A renewal that carries nothing over has what its own transaction has made of the session.
// Like any other it is refused if the session has ended.
func TestRenewalCarriesNothingOver(t *testing.T) {
	t.Parallel()
	for _, ended := range []bool{false, true} {
		m, s, token := newSession(t)
		ctx := loadBegun(t, m, token)
		putElsewhere(t, m, token, "cart", "full")
		if ended {
			if err := s.Core().End(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		s.Core().CarryNothingOver(ctx)
		_, _, err := m.Commit(ctx)
		after := loadBegun(t, m, m.Token(ctx))
		if errors.Is(err, store.ErrGone) != ended || m.Exists(after, "cart") || m.Exists(after, "user") == ended {
			t.Errorf("ended %v: error %v, the new session holds %v", ended, err, m.Keys(after))
		}
	}
}

// If the commit of a renewal fails and is tried again, the renewal is carried over and told.
func TestRenewalRetry(t *testing.T) {
	m := scs.New()
	backend := &flaky{Backend: store.NewMemory()}
	s := store.Attach(m, backend, store.Options{}).Core()
	ctx := loadBegun(t, m, "")
	m.Put(ctx, "user", "alice")
	token, _, _ := m.Commit(ctx)
	w := s.Watch()
	defer w.Close()
	w.Follow(store.ID(token))
	ctx = loadBegun(t, m, token)
	putElsewhere(t, m, token, "cart", "full")
	<-w.Events()
	if err := m.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	backend.swap = errors.New("down")
	if _, _, err := m.Commit(ctx); err == nil {
		t.Fatal("no error")
	}
	backend.swap = nil
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if after := loadBegun(t, m, m.Token(ctx)); m.GetString(after, "cart") != "full" {
		t.Errorf("cart is lost: %v", m.Keys(after))
	}
	if w.Heard(store.ID(token)) < 2 {
		t.Error("renewed is never told")
	}
}

// Two renewals in one context are carried over and told like one.
func TestRenewTwice(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	w := s.Core().Watch()
	defer w.Close()
	ctx := loadBegun(t, m, token)
	putElsewhere(t, m, token, "cart", "full")
	w.Follow(store.ID(token))
	for range 2 {
		if err := m.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if after := loadBegun(t, m, m.Token(ctx)); m.GetString(after, "cart") != "full" {
		t.Errorf("cart is lost: %v", m.Keys(after))
	}
	if w.Heard(store.ID(token)) == 0 {
		t.Error("renewed is never told")
	}
}

func TestRenewDestroy(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	w := s.Core().Watch()
	defer w.Close()
	ctx := loadBegun(t, m, token)
	putElsewhere(t, m, token, "secret", "alice's")
	w.Follow(store.ID(token))
	if err := m.RenewToken(ctx); err != nil {
		t.Fatal(err)
	}
	if err := m.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	if w.Heard(store.ID(token)) == 0 {
		t.Error("after Destroy nobody is told of the end")
	}
	m.Put(ctx, "user", "bob")
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if after := loadBegun(t, m, m.Token(ctx)); m.Exists(after, "secret") {
		t.Errorf("bob has alice's values: %v", m.Keys(after))
	}
}

// A renewal that is never committed ends the session all the same, and is told.
func TestRenewalPanics(t *testing.T) {
	m, s, token := newSession(t)
	w := s.Core().Watch()
	w.Follow(store.ID(token))
	h := s.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := m.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: token})
	func() { defer func() { _ = recover() }(); h.ServeHTTP(httptest.NewRecorder(), r) }()
	if w.Heard(store.ID(token)) == 0 {
		t.Error("the session has ended, nobody is told; Ended:", s.Core().Ended(store.ID(token)))
	}
}

func putElsewhere(t *testing.T, m *scs.SessionManager, token, key string, v any) {
	t.Helper()
	ctx, err := m.Load(store.Begin(t.Context()), token)
	if err != nil {
		t.Fatal(err)
	}
	m.Put(ctx, key, v)
	if _, _, err := m.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

func loadBegun(t *testing.T, m *scs.SessionManager, token string) context.Context {
	t.Helper()
	ctx, err := m.Load(store.Begin(context.WithoutCancel(t.Context())), token)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// lossy makes its first swap and loses the answer.
type lossy struct {
	store.Backend
	lose bool
}

func (l *lossy) Swap(ctx context.Context, key string, c store.Change) ([]byte, bool, error) {
	b, ok, err := l.Backend.Swap(ctx, key, c)
	if l.lose {
		l.lose = false
		return nil, false, errors.New("i/o timeout")
	}
	return b, ok, err
}
