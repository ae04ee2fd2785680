package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// SessionID names the session that a context has, however it came there.
func TestSessionID(t *testing.T) {
	t.Parallel()
	for name, hashed := range map[string]bool{"plain": false, "hashed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := scs.New()
			m.HashTokenInStore = hashed
			s := store.Attach(m, store.NewMemory(), store.Options{})
			token := newHeldSession(t, m, "user")
			want := store.ID(s.Core().Key(token))
			is := func(what string, ctx context.Context, want string) {
				t.Helper()
				if got := s.SessionID(ctx); got != want {
					t.Errorf("%s: %q, want %q", what, got, want)
				}
			}
			is("no session", t.Context(), "")
			is("another manager's", loadBegun(t, scs.New(), ""), "")
			is("new", loadBegun(t, m, ""), "")
			is("unknown", loadBegun(t, m, "unknown"), "")
			is("loaded", loadBegun(t, m, token), want)
			for name, around := range map[string]func(http.Handler) http.Handler{"ours": s.LoadAndSave, "the manager's": m.LoadAndSave} {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: token})
				around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					is(name, r.Context(), want)
					err := m.Iterate(r.Context(), func(ctx context.Context) error {
						is("iterated by "+name, ctx, want)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				})).ServeHTTP(httptest.NewRecorder(), r)
			}
			if err := m.Iterate(context.WithoutCancel(t.Context()), func(ctx context.Context) error { is("iterated", ctx, want); return nil }); err != nil {
				t.Error(err)
			}
			sockets(t, m, s, token, want, is)

			ctx := loadBegun(t, m, token)
			if err := m.RenewToken(ctx); err != nil {
				t.Fatal(err)
			}
			renewed := store.ID(s.Core().Key(m.Token(ctx)))
			is("renewed", ctx, renewed)
			if _, _, err := m.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			is("renewed and committed", ctx, renewed)
			if err := m.Destroy(ctx); err != nil {
				t.Fatal(err)
			}
			is("destroyed", ctx, "")
		})
	}
}

// sockets tests a socket's session, also with a stand-in for a token that is not known,
// and the empty session of an anonymous socket.
func sockets(t *testing.T, m *scs.SessionManager, s *store.Store, token, want string, is func(string, context.Context, string)) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	load := func(under context.Context, token string) context.Context {
		loaded, err := m.Load(under, token)
		if err != nil {
			t.Fatal(err)
		}
		return loaded
	}
	key := s.Core().Key(token)
	is("a socket's", load(s.Core().BeginSocket(ctx, key, token, &heldAt{}), token), want)
	is("an anonymous socket's", load(s.Core().BeginSocket(ctx, "", "", &heldAt{}), ""), "")
	if m.HashTokenInStore { // after a ticket, which holds the key alone
		is("a socket's by a stand-in", load(s.Core().BeginSocket(ctx, key, "stand-in", &heldAt{}), "stand-in"), want)
	}
}
