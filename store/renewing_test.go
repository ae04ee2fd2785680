package store_test

import (
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// The old token is deleted and the new one is not committed yet. Another node that finds
// the session gone then knows that it was renewed, and tells nobody.
func TestRenewing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		backend store.Backend
	}{
		{"memory", store.NewMemory()},
		{"redis", redisstore.New(storetest.Redis(t).Pool())},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			here, there := scs.New(), scs.New()
			store.Attach(here, row.backend, store.Options{})
			other := store.Attach(there, row.backend, store.Options{}).Core()
			token := newHeldSession(t, here, "n")
			id := store.ID(token)
			watch := other.Watch()
			defer watch.Close()
			watch.Follow(id)
			if row.name == "redis" {
				hear(t, watch.Events(), store.Missed) // it has been joined
			}
			heard := watch.Heard(id)
			ctx, err := here.Load(store.Begin(t.Context()), token)
			if err != nil {
				t.Fatal(err)
			}
			if err := here.RenewToken(ctx); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the other node knows", func() bool { return other.Ended(id) == store.Renewed })
			if watch.Heard(id) > heard {
				t.Errorf("told %v before the new token is committed", <-watch.Events())
			}
			if _, _, err := here.Commit(ctx); err != nil {
				t.Fatal(err)
			}
			hear(t, watch.Events(), store.Renewed)
		})
	}
}
