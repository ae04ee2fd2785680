package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// The manager's own LoadAndSave leaves nothing behind: the transaction ends with the
// request, even if the client went away.
func TestImplicitTransactionsEnd(t *testing.T) {
	t.Parallel()
	manager, s, token := newSession(t)
	inside, leave := make(chan struct{}), make(chan struct{})
	page := func(_ http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "seen", r.URL.Path)
		if r.URL.Path == "/slow" {
			inside <- struct{}{}
			<-leave
		}
	}
	web := httptest.NewServer(manager.LoadAndSave(http.HandlerFunc(page)))
	defer web.Close()
	get := func(ctx context.Context, path string) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, web.URL+path, nil)
		if err != nil {
			return err
		}
		r.AddCookie(&http.Cookie{Name: manager.Cookie.Name, Value: token})
		response, err := web.Client().Do(r)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return response.Body.Close()
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := get(t.Context(), "/"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		if err := get(ctx, "/slow"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-inside
	if s.Core().Implicit() == 0 {
		t.Error("the request that runs has no transaction")
	}
	cancel()
	all.Wait()
	close(leave)
	eventually(t, "every implicit transaction is forgotten", func() bool { return s.Core().Implicit() == 0 })
}

// The Store that ended a session, and every Store that heard of it, remember the reason
// for two minutes.
func TestEndedForTwoMinutes(t *testing.T) {
	t.Parallel()
	one, two, three := scs.New(), scs.New(), scs.New() // each starts a goroutine that never ends
	synctest.Test(t, func(t *testing.T) {
		backend := store.NewMemory()
		here, there, deaf := store.Attach(one, backend, store.Options{}), store.Attach(two, backend, store.Options{}), store.Attach(three, backend, store.Options{})
		watch := there.Core().Watch()
		defer watch.Close()
		const key = "token"
		id := store.ID(key)
		watch.Follow(id)
		if _, _, err := backend.Swap(t.Context(), key, store.Change{New: []byte("x"), Life: hour()}); err != nil {
			t.Fatal(err)
		}
		if err := here.Core().End(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if got := (<-watch.Events()).Kind; got != store.Destroyed {
			t.Errorf("heard %q", got)
		}
		want := func(after time.Duration, want store.Kind) {
			t.Helper()
			time.Sleep(after)
			for name, s := range map[string]*store.Store{"here": here, "there": there} {
				if got := s.Core().Ended(id); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if got := deaf.Core().Ended(id); got != "" {
				t.Errorf("who did not listen knows of %q", got)
			}
		}
		want(0, store.Destroyed)
		here.Core().Expire(id) // does not change the reason
		want(2*time.Minute, store.Destroyed)
		want(time.Second, "")
		for i := range 1000 {
			here.Core().Expire(store.ID(time.Unix(int64(i), 0).String()))
			time.Sleep(time.Second)
		}
		if got := here.Core().EndsKnown(); got > 125 {
			t.Errorf("%d ends are remembered, at one a second", got)
		}
	})
}

// eventually waits until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	storetest.Eventually(t, what, ok)
}
