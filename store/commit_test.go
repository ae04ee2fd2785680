package store_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Nobody hears of a commit that changes nothing, though its bytes may be in another order.
func TestSpuriousChanged(t *testing.T) {
	t.Parallel()
	m, s, token := newSession(t)
	for _, k := range []string{"a", "b", "c", "d"} {
		putElsewhere(t, m, token, k, 1)
	}
	w := s.Core().Watch()
	defer w.Close()
	w.Follow(store.ID(token))
	for range 20 {
		if _, _, err := m.Commit(loadBegun(t, m, token)); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.Heard(store.ID(token)); n > 0 {
		t.Errorf("%d events of 20 commits that changed nothing: %v", n, <-w.Events())
	}
}

// What is committed without a transaction is told too, under HashTokenInStore as
// without it.
func TestBareCommitIsTold(t *testing.T) {
	t.Parallel()
	for _, hashed := range []bool{false, true} {
		m := scs.New()
		m.HashTokenInStore = hashed
		s := store.Attach(m, store.NewMemory(), store.Options{})
		id := store.ID(s.Core().Key(newHeldSession(t, m, "n")))
		w := s.Core().Watch()
		defer w.Close()
		w.Follow(id)
		err := m.Iterate(context.Background(), func(ctx context.Context) error {
			m.Put(ctx, "k", "v")
			_, _, err := m.Commit(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if w.Heard(id) == 0 {
			t.Errorf("hashed %v: nothing is told", hashed)
		} else if event := <-w.Events(); event.ID != id || event.Kind != store.Changed {
			t.Errorf("hashed %v: told %v", hashed, event)
		}
	}
}

// A session of no bytes is not an absent one.
func TestEmptyOld(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]store.Backend{"memory": store.NewMemory(), "redis": redisstore.New(storetest.Redis(t).Pool())} {
		if _, ok, err := b.Swap(t.Context(), "k", store.Change{New: []byte{}, Life: hour()}); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if current, ok, err := b.Swap(t.Context(), "k", store.Change{Old: []byte{}, New: []byte("x"), Life: hour()}); !ok || err != nil {
			t.Error(name, current, ok, err)
		}
	}
}

// Close ends a line that waits for a connection of a full pool.
func TestLineWaits(t *testing.T) {
	pool := storetest.Redis(t).Pool()
	pool.MaxActive, pool.Wait = 1, true
	m := scs.New()
	s := store.Attach(m, redisstore.New(pool), store.Options{}).Core()
	token := newHeldSession(t, m, "n")
	before := goroutinesOfStore()
	held := pool.Get()
	defer held.Close()
	w := s.Watch()
	w.Follow(store.ID(token))
	eventually(t, "line starts", func() bool { return goroutinesOfStore() > before })
	w.Close()
	eventually(t, "its goroutines end", func() bool { return goroutinesOfStore() <= before })
}

func TestCreateReplyLost(t *testing.T) {
	t.Parallel()
	m := scs.New()
	store.Attach(m, &lossy{store.NewMemory(), true}, store.Options{})
	ctx, _ := m.Load(store.Begin(t.Context()), "")
	m.Put(ctx, "user", "alice")
	_, _, err := m.Commit(ctx)
	t.Log(err)
	if _, _, err := m.Commit(ctx); err != nil {
		t.Error("second try:", err)
	}
}

// The changes of a request are saved even if its client has gone.
func TestClientGone(t *testing.T) {
	for name, b := range map[string]store.Backend{"memory": store.NewMemory(), "redis": redisstore.New(storetest.Redis(t).Pool())} {
		m := scs.New()
		s := store.Attach(m, b, store.Options{})
		token := newHeldSession(t, m, "n")
		m.ErrorFunc = func(_ http.ResponseWriter, _ *http.Request, err error) { t.Error(name, err) }
		ctx, cancel := context.WithCancel(t.Context())
		h := s.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			m.Put(r.Context(), "paid", true)
			cancel()
		}))
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
		r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: token})
		h.ServeHTTP(httptest.NewRecorder(), r)
		found, _, _, err := s.Core().Load(t.Context(), token, nil)
		if err != nil || found.Values["paid"] != true {
			t.Error(name, "paid is lost", err)
		}
	}
}

// hour is the life of a session that has an hour left.
func hour() store.Life {
	in := time.Now().Add(time.Hour)
	return store.Life{Expiry: in, Limit: in}
}
