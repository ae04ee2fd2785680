package store_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// All who wait for the reason of an end get it when it is known. Nothing stays of those
// who have given up.
func TestAwaitEnd(t *testing.T) {
	t.Parallel()
	_, s, token := newSession(t)
	id := store.ID(token)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if why := s.Core().AwaitEnd(t.Context(), id); why != store.Destroyed {
				t.Errorf("got %q", why)
			}
		})
	}
	impatient, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		if why := s.Core().AwaitEnd(impatient, "nobody's"); why != "" {
			t.Errorf("an end that is not: %q", why)
		}
	})
	eventually(t, "they wait", func() bool { return s.Core().EndsAwaited() == 2 })
	cancel()
	if err := s.Core().End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if n := s.Core().EndsAwaited(); n != 0 {
		t.Errorf("%d ends are still waited for", n)
	}
	if why := s.Core().AwaitEnd(t.Context(), id); why != store.Destroyed {
		t.Errorf("later: %q", why)
	}
}

// A renewal that is never committed counts as Destroyed after 30 s, even if its node could
// not say so. A renewal that is committed later than that is still a renewal.
func TestRenewalGivenUp(t *testing.T) {
	t.Parallel()
	here, there, backend := scs.New(), scs.New(), store.NewMemory() // scs.New starts a goroutine for ever
	stores := []*store.Store{store.Attach(here, backend, store.Options{}), store.Attach(there, backend, store.Options{})}
	synctest.Test(t, func(t *testing.T) {
		token := newHeldSession(t, here, "n")
		id := store.ID(token)
		watch := stores[1].Core().Watch()
		defer watch.Close()
		watch.Follow(id)
		ended := func(when string, want store.Kind) {
			for i, s := range stores {
				if why := s.Core().Ended(id); why != want {
					t.Errorf("%s, on node %d: %q, want %q", when, i, why, want)
				}
			}
		}
		ctx := loadBegun(t, here, token)
		if err := here.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		<-time.After(30 * time.Second)
		ended("in time", store.Renewed)
		<-time.After(1)
		ended("later", store.Destroyed)
		for _, s := range stores {
			s.Core().Expire(id) // this node knows no better
		}
		ended("whoever says so", store.Destroyed)
		if _, _, err := here.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		ended("after all", store.Renewed)
		<-time.After(90 * time.Second)
		ended("after two minutes", "")
	})
}
