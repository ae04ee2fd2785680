package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Whoever waits for the reason of an end gets it when it is known, all of them,
// and nothing is kept for those who have gone.
func TestAwaitEnd(t *testing.T) {
	t.Parallel()
	_, s, token := newSession(t)
	id := store.ID(token)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if why := s.AwaitEnd(t.Context(), id); why != store.Destroyed {
				t.Errorf("got %q", why)
			}
		})
	}
	impatient, cancel := context.WithCancel(t.Context())
	all.Go(func() {
		if why := s.AwaitEnd(impatient, "nobody's"); why != "" {
			t.Errorf("an end that is not: %q", why)
		}
	})
	eventually(t, "they wait", func() bool { return s.EndsAwaited() == 2 })
	cancel()
	if err := s.End(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if n := s.EndsAwaited(); n != 0 {
		t.Errorf("%d ends are still waited for", n)
	}
	if why := s.AwaitEnd(t.Context(), id); why != store.Destroyed {
		t.Errorf("later: %q", why)
	}
}
