package storetest

import (
	"context"
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// abandoned: a renewal or merge that comes to nothing ends with Destroyed, on both nodes.
func (s suite) abandoned(t *testing.T, where string) {
	t.Helper()
	if _, ok := s.open(t).(store.Speaker); !ok && where == "There" {
		return // the other node finds out later
	}
	destroy := func(n *node, ctx context.Context) error { return n.Destroy(ctx) }
	commit := func(n *node, ctx context.Context) error { _, _, err := n.Commit(ctx); return err }
	abort := func(*node, context.Context) error { panic(http.ErrAbortHandler) }
	renew := func(n *node, ctx context.Context) error { return n.RenewToken(ctx) }
	fails := func(n *node, ctx context.Context) error {
		n.Put(ctx, "cannot be encoded", func() {})
		return nil
	}
	for name, steps := range map[string][]func(*node, context.Context) error{
		"Destroy":           {renew, destroy},
		"CommitThenDestroy": {renew, commit, destroy},
		"Twice":             {renew, commit, renew, destroy},
		"DestroyThenLogin":  {renew, destroy, func(n *node, ctx context.Context) error { n.Put(ctx, "user", "bob"); return nil }},
		"Panic":             {renew, abort},
		"Fails":             {renew, fails},
		"Merge":             {nil, destroy},
		"MergeThenCommit":   {nil, commit, destroy},
		"MergePanic":        {nil, abort},
		"MergeFails":        {nil, fails},
	} {
		for kind, wrap := range map[string]func(*node, http.Handler) http.Handler{
			"Ours":  func(n *node, h http.Handler) http.Handler { return n.store.LoadAndSave(h) },
			"Stock": func(n *node, h http.Handler) http.Handler { return n.LoadAndSave(h) },
		} {
			t.Run(name+kind, func(t *testing.T) {
				maker, hearer := s.pair(t, where)
				maker.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusServiceUnavailable) }
				token := maker.login(t, values{"user": "alice"})
				e := hearer.listen(t, maker, token)
				web := s.site(t, maker, wrap, func(_ http.ResponseWriter, r *http.Request) {
					for _, step := range steps {
						if step == nil {
							step = func(n *node, ctx context.Context) error { return n.MergeSession(ctx, token) }
						}
						if err := step(maker, r.Context()); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					}
				})
				web.Config.ErrorLog = log.New(io.Discard, "", 0)
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				if steps[0] != nil {
					r.Header.Set("Cookie", maker.Cookie.Name+"="+token)
				}
				if response, err := web.Client().Do(r); err == nil {
					response.Body.Close()
				}
				got := e.next(t)
				for got.Kind == store.Renewed {
					got = e.next(t)
				}
				if got.Kind != store.Destroyed || got.ID != hearer.id(token) {
					t.Errorf("heard %v", got)
				}
				for _, n := range []*node{maker, hearer} {
					if why := n.core.Ended(n.id(token)); why != store.Destroyed {
						t.Errorf("Ended: %q", why)
					}
				}
				hearer.wantNone(t, token)
			})
		}
	}
}
