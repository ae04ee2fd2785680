package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// With the manager's own LoadAndSave, the client leaves before the handler returns: nothing
// is undone, nothing comes back.
func TestDisconnect(t *testing.T) {
	for _, how := range []string{"put", "destroy on another node"} {
		t.Run(how, func(t *testing.T) {
			backend := store.NewMemory()
			m, other := scs.New(), scs.New()
			s := store.Attach(m, backend, store.Options{})
			store.Attach(other, backend, store.Options{})
			ctx := loadBegun(t, m, "")
			m.Put(ctx, "user", "alice")
			token, _, err := m.Commit(ctx)
			if err != nil {
				t.Fatal(err)
			}
			inside, done := make(chan struct{}), make(chan struct{})
			h := m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				m.Put(r.Context(), "late", true)
				close(inside)
				<-r.Context().Done()
				eventually(t, "forgotten", func() bool { return s.Core().Implicit() == 0 })
			}))
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r); close(done) }))
			defer web.Close()
			rctx, cancel := context.WithCancel(t.Context())
			r, _ := http.NewRequestWithContext(rctx, http.MethodGet, web.URL, nil)
			r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: token})
			go func() { _, _ = web.Client().Do(r) }()
			<-inside
			if how == "put" {
				putElsewhere(t, other, token, "cart", "full")
			} else if err := other.Destroy(loadBegun(t, other, token)); err != nil {
				t.Fatal(err)
			}
			cancel()
			<-done
			after := loadBegun(t, other, token)
			if how == "put" && other.GetString(after, "cart") != "full" {
				t.Errorf("cart is lost, keys %v", other.Keys(after))
			}
			if how != "put" && other.Token(after) != "" {
				t.Errorf("resurrected, keys %v", other.Keys(after))
			}
		})
	}
}

// LoadAndSave within LoadAndSave is one transaction.
func TestNested(t *testing.T) {
	for _, outer := range []string{"stock", "ours"} {
		t.Run(outer, func(t *testing.T) {
			m, s, token := newSession(t)
			h := s.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { m.Put(r.Context(), "x", 1) }))
			if outer == "stock" {
				h = m.LoadAndSave(h)
			} else {
				h = s.LoadAndSave(h)
			}
			web := httptest.NewServer(h)
			defer web.Close()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL, nil)
			r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: token})
			res, err := web.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != 200 {
				t.Errorf("%d %s", res.StatusCode, b)
			}
		})
	}
}

func TestTwoManagers(t *testing.T) {
	site, s1, token1 := newSession(t)
	admin, s2, token2 := newSession(t)
	admin.Cookie.Name = "admin"
	var renewed string
	h := s1.LoadAndSave(s2.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.Put(r.Context(), "x", 1)
		if r.URL.Path == "/commit" {
			if _, _, err := site.Commit(r.Context()); err != nil {
				t.Error("commit of the outer manager:", err)
			}
			return
		}
		putElsewhere(t, site, token1, "cart", "full")
		if err := site.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		renewed = site.Token(r.Context())
	})))
	web := httptest.NewServer(h)
	defer web.Close()
	for _, path := range []string{"/commit", "/renew"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+path, nil)
		r.AddCookie(&http.Cookie{Name: site.Cookie.Name, Value: token1})
		r.AddCookie(&http.Cookie{Name: "admin", Value: token2})
		res, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if after := loadBegun(t, site, renewed); site.GetString(after, "cart") != "full" {
		t.Errorf("cart is lost over a renewal of the outer manager: %v", site.Keys(after))
	}
}

// A worker loads twice through one context that can be cancelled. Both loads keep each
// other's keys.
func TestSharedDone(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	worker, cancel := context.WithCancel(t.Context())
	defer cancel()
	a, _ := m.Load(worker, token)
	b, _ := m.Load(worker, token)
	m.Put(b, "b", 1)
	if _, _, err := m.Commit(b); err != nil {
		t.Fatal(err)
	}
	m.Put(a, "a", 1)
	if _, _, err := m.Commit(a); err != nil {
		t.Fatal(err)
	}
	if after := loadBegun(t, m, token); !m.Exists(after, "b") {
		t.Errorf("b is lost: %v", m.Keys(after))
	}
	_ = s
}

// MergeSession on a socket's session is refused before it changes a value.
func TestSocketMerge(t *testing.T) {
	m, s, token := newSession(t)
	ctx := loadBegun(t, m, "")
	m.Put(ctx, "secret", 1)
	other, _, _ := m.Commit(ctx)
	sock := socket(t, m, s, token)
	if err := m.MergeSession(sock, other); !errors.Is(err, store.ErrNoCookie) {
		t.Fatal(err)
	}
	if m.Exists(sock, "secret") {
		t.Error("refused, and merged all the same; the next commit of the socket writes it")
	}
}

// A commit through a request's context, after the request, brings nothing back.
func TestLateCommit(t *testing.T) {
	backend := store.NewMemory()
	m, other := scs.New(), scs.New()
	s := store.Attach(m, backend, store.Options{})
	store.Attach(other, backend, store.Options{})
	ctx := loadBegun(t, m, "")
	m.Put(ctx, "user", "alice")
	token, _, _ := m.Commit(ctx)
	rctx, cancel := context.WithCancel(t.Context())
	late, err := m.Load(rctx, token)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	eventually(t, "forgotten", func() bool { return s.Core().Implicit() == 0 })
	if err := other.Destroy(loadBegun(t, other, token)); err != nil {
		t.Fatal(err)
	}
	_, _, err = m.Commit(late)
	if after := loadBegun(t, other, token); other.Token(after) != "" {
		t.Errorf("resurrected by a commit on a context that is done: %v", err)
	}
}

// A second manager's sessions may be used through a socket's context.
func TestOtherManagerInSocket(t *testing.T) {
	m, s, token := newSession(t)
	m2, _, token2 := newSession(t)
	sock := socket(t, m, s, token)
	ctx, err := m2.Load(sock, token2)
	if err != nil {
		t.Fatal(err)
	}
	m2.Remove(ctx, "user") // both sessions have the user alice
	m2.Put(ctx, "x", 1)
	if _, _, err := m2.Commit(ctx); err != nil {
		t.Error("commit of the second manager:", err)
	}
	ctx, _ = m2.Load(s.Core().BeginSocket(t.Context(), "", "", &heldAt{nil, errors.New("dead")}), "")
	_ = ctx
	fresh, _ := m2.Load(sock, "")
	m2.Put(fresh, "x", 1)
	if _, _, err := m2.Commit(fresh); err != nil {
		t.Error("a new session of the second manager:", err)
	}
}
