package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// save: Save merges too, and returns what the store then holds.
func (s suite) save(t *testing.T) {
	n := s.node(t)
	token := n.login(t, values{"user": "alice"})
	key := n.core.Key(token)
	base, _, ok, err := n.core.Load(t.Context(), key, nil)
	if err != nil || !ok {
		t.Fatalf("Load: ok %v, error %v", ok, err)
	}
	if again, _, _, err := n.core.Load(t.Context(), key, base); again != base || err != nil {
		t.Errorf("Load did not return the known snapshot: %v, error %v", again, err)
	}
	n.put(t, token, "http", 1)
	mine, err := n.core.Encode(base.Deadline, values{"user": "alice", "socket": 1})
	if err != nil {
		t.Fatal(err)
	}
	c := store.Commit{Key: key, Base: base, Mine: mine, Used: in(0)}
	current, ok, err := n.core.Swap(t.Context(), c)
	if ok || err != nil || current.Values["http"] != 1 {
		t.Errorf("Swap onto a changed session: %v, ok %v, error %v", current, ok, err)
	}
	held, err := n.core.Save(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if held.Values["http"] != 1 || held.Values["socket"] != 1 {
		t.Errorf("Save returned %v", held.Values)
	}
	n.wantValues(t, token, values{"user": "alice", "http": 1, "socket": 1})
	if found, _, _, err := n.core.Load(t.Context(), key, held); found != held || err != nil {
		t.Errorf("Save did not return what the store holds, error %v", err)
	}
	s.count(t, n, key)
}

// count has several writers make increments at once.
func (s suite) count(t *testing.T, n *node, key string) {
	t.Helper()
	const writers, increments = 4, 25
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range increments {
				if err := increment(t.Context(), n.core, key, "n"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	found, _, _, err := n.core.Load(t.Context(), key, nil)
	if err != nil || found.Values["n"] != writers*increments {
		t.Errorf("counted %v, error %v, want %d", found.Values["n"], err, writers*increments)
	}
}

// increment adds one to a value, by Swap in a loop.
func increment(ctx context.Context, s *store.Core, key, name string) error {
	base, _, ok, err := s.Load(ctx, key, nil)
	if err == nil && !ok {
		err = store.ErrGone
	}
	if err != nil {
		return err
	}
	return s.Retry(ctx, func() (done bool, err error) {
		next := make(values, len(base.Values)+1)
		for name, value := range base.Values {
			next[name] = value
		}
		n, _ := next[name].(int)
		next[name] = n + 1
		mine, err := s.Encode(base.Deadline, next)
		if err != nil {
			return false, err
		}
		base, done, err = s.Swap(ctx, store.Commit{Key: key, Base: base, Mine: mine, Used: in(0)})
		return done, err
	})
}
