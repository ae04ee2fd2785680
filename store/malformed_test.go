package store_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// panicky is a codec that panics where another returns an error.
type panicky struct{ scs.Codec }

func (p panicky) Decode(b []byte) (time.Time, map[string]any, error) {
	deadline, values, err := p.Codec.Decode(b)
	if err != nil {
		panic(err)
	}
	return deadline, values, nil
}

// Our LoadAndSave treats a stored session that does not decode as none, and logs it once.
// A login or logout deletes it.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		path  string
		left  bool
		ended store.Kind
	}{
		{"/", true, ""},
		{"/login", false, store.Renewed},
		{"/renew", false, store.Renewed},
		{"/logout", false, store.Destroyed},
	} {
		for _, hashed := range []bool{false, true} {
			for name, codec := range map[string]scs.Codec{"error": new(store.Codec), "panic": panicky{new(store.Codec)}} {
				t.Run(row.path+"/"+name, func(t *testing.T) {
					t.Parallel()
					var log bytes.Buffer
					m, backend := scs.New(), store.NewMemory()
					m.Codec, m.HashTokenInStore = codec, hashed
					s := store.Attach(m, backend, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
					web := &site{SessionManager: m, handler: s.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						var err error
						switch r.URL.Path {
						case "/login":
							m.Put(r.Context(), "user", "alice")
						case "/renew":
							err = m.RenewToken(r.Context())
						case "/logout":
							err = m.Destroy(r.Context())
						}
						io.WriteString(w, "hello "+m.GetString(r.Context(), "user"))
						if err != nil {
							t.Error(err)
						}
					}))}
					cookie := cookieOf(t, web.get(t, "/login", ""))
					key := s.Core().Key(tokenOf(cookie))
					corrupt(t, backend, key)
					if _, _, _, err := s.Core().Load(t.Context(), key, nil); !errors.Is(err, store.ErrMalformed) {
						t.Errorf("Load: %v", err)
					}
					for range 2 {
						if response := web.get(t, "/", cookie); response.StatusCode != http.StatusOK || body(t, response) != "hello " {
							t.Errorf("a page gets %s", response.Status)
						}
					}
					response := web.get(t, row.path, cookie)
					if response.StatusCode != http.StatusOK {
						t.Errorf("got %s, %s", response.Status, body(t, response))
					}
					if _, ok, _ := s.Find(key); ok != row.left {
						t.Errorf("what does not decode is there: %v", ok)
					}
					if why := s.Core().Ended(store.ID(key)); why != row.ended {
						t.Errorf("it has ended as %q", why)
					}
					if set := response.Header.Get("Set-Cookie"); (set == "") != row.left || strings.Contains(set, tokenOf(cookie)) {
						t.Errorf("Set-Cookie %q", set)
					}
					if said := log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, store.ID(key)) || strings.Contains(said, key) {
						t.Errorf("the log says %q", said)
					}
				})
			}
		}
	}
}

// A commit onto a session that does not decode fails; a renewal goes on without it.
func TestMalformedMeanwhile(t *testing.T) {
	t.Parallel()
	m, backend := scs.New(), store.NewMemory()
	s := store.Attach(m, backend, store.Options{}).Core()
	for name, call := range map[string]func(context.Context) error{
		"commit": func(ctx context.Context) error {
			if _, _, err := m.Commit(ctx); !errors.Is(err, store.ErrMalformed) {
				t.Errorf("Commit: %v", err)
			}
			return nil
		},
		"renewal": func(ctx context.Context) error {
			if err := m.RenewToken(ctx); err != nil {
				return err
			}
			_, _, err := m.Commit(ctx)
			return err
		},
		"logout": m.Destroy,
	} {
		token := newHeldSession(t, m, "n")
		ctx := loadBegun(t, m, token)
		m.Put(ctx, "mine", true)
		corrupt(t, backend, s.Key(token))
		if err := call(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// corrupt makes what is stored under a key undecodable.
func corrupt(t *testing.T, backend store.Backend, key string) {
	t.Helper()
	b, expiry, ok, err := backend.Find(t.Context(), key)
	if err == nil && ok {
		_, ok, err = backend.Swap(t.Context(), key, store.Change{Old: b, New: []byte("no session"), Life: store.Life{Expiry: expiry, Limit: expiry}})
	}
	if err != nil || !ok {
		t.Fatalf("nothing to spoil: %v", err)
	}
}

func tokenOf(cookie string) string {
	_, token, _ := strings.Cut(cookie, "=")
	return token
}
