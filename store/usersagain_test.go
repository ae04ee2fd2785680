package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A mumbler is a backend that makes swaps and does not say so.
type mumbler struct {
	*store.Memory
	swaps atomic.Int32 // how many more
}

func (m *mumbler) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	current, ok, err := m.Memory.Swap(ctx, key, change)
	if m.swaps.Add(-1) >= 0 {
		return nil, false, errHesitant
	}
	return current, ok, err
}

// A renewal or a merge is made, though its commit fails, and another node's EndUser ends it
// before the same request commits once more, as LoadAndSave does: that does not bring the session back.
func TestCommitAgainAfterEndUser(t *testing.T) {
	t.Parallel()
	for name, goOn := range map[string]func(n *Node, token string) (context.Context, error){
		"renewal": func(n *Node, token string) (context.Context, error) {
			ctx, err := n.manager.Load(store.Begin(t.Context()), token)
			if err == nil {
				err = n.manager.RenewToken(ctx)
			}
			return ctx, err
		},
		"merge": func(n *Node, token string) (context.Context, error) {
			ctx, err := n.manager.Load(store.Begin(t.Context()), "")
			if err == nil {
				err = n.manager.MergeSession(ctx, token)
			}
			return ctx, err
		},
	} {
		for _, ends := range []bool{true, false} {
			backend := &mumbler{Memory: store.NewMemory()}
			n, far := newUsersNode(backend, store.Options{}), newUsersNode(backend.Memory, store.Options{})
			token, err := n.loginAs("ann")
			if err != nil {
				t.Fatal(err)
			}
			ctx, err := goOn(n, token)
			if err != nil {
				t.Fatal(err)
			}
			backend.swaps.Store(1)
			if _, _, err := n.manager.Commit(ctx); !errors.Is(err, errHesitant) {
				t.Fatalf("%s: %v", name, err)
			}
			want := error(nil)
			if ends {
				want = store.ErrGone
				if ended, err := far.attached.EndUser(t.Context(), "ann"); ended != 1 || err != nil {
					t.Errorf("%s: ended %d, error %v", name, ended, err)
				}
			}
			if _, _, err := n.manager.Commit(ctx); !errors.Is(err, want) {
				t.Errorf("%s, ended %v: committed again: %v", name, ends, err)
			}
			if all, err := n.attached.SessionsOf(t.Context(), "ann"); len(all) > 0 == ends || err != nil {
				t.Errorf("%s, ended %v: there are %v, error %v", name, ends, all, err)
			}
		}
	}
}
