package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// longEnv makes the model tests run as many rounds as are worth waiting for
// once, but not each time.
const longEnv = "STORE_TEST_LONG"

func rounds(short, long int) int {
	if os.Getenv(longEnv) != "" {
		return long
	}
	return short
}

// Random puts and removes by actors of three kinds on three nodes, and an end
// at some moment, leave exactly what a model says: each actor has its own
// keys, so whatever was acknowledged last is what they hold, on the renewed
// session too; of a session that has ended nobody finds anything.
func TestModelMemory(t *testing.T) {
	t.Parallel()
	runModel(t, store.NewMemory(), rounds(400, 10_000))
}

func TestModelRedis(t *testing.T) {
	t.Parallel()
	runModel(t, store.NewRedis(storetest.Redis(t).Pool(), nil), rounds(50, 1_000))
}

func runModel(t *testing.T, backend store.Backend, rounds int) {
	t.Helper()
	nodes := make([]*modelNode, 3)
	for i := range nodes {
		manager := scs.New()
		nodes[i] = &modelNode{manager, store.Attach(manager, backend)}
	}
	start, commits, refused := time.Now(), 0, 0
	for i := range rounds {
		m := &model{nodes: nodes, round: i, random: rand.New(rand.NewPCG(1, uint64(i)))}
		m.run(t)
		commits, refused = commits+m.commits, refused+m.refused
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, %d commits acknowledged, %d refused, in %v", rounds, commits, refused, time.Since(start).Round(time.Millisecond))
}

type modelNode struct {
	*scs.SessionManager
	store *store.Store
}

// A model is one round: one session, its actors, and its end.
type model struct {
	nodes   []*modelNode
	round   int
	random  *rand.Rand
	token   string
	renewed string // what RenewToken made of it

	commits, refused int
}

// An actor changes its own keys, and knows what they must hold.
type actor struct {
	node   *modelNode
	random *rand.Rand
	name   string
	token  string
	acked  map[string]any
	maybe  map[string]any // a change that was neither acknowledged nor refused

	commits, refused int
}

func (m *model) run(t *testing.T) {
	t.Helper()
	first := m.nodes[0]
	ctx, err := first.Load(store.Begin(t.Context()), "")
	if err != nil {
		t.Fatal(err)
	}
	first.Put(ctx, "user", "alice")
	if m.token, _, err = first.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	kinds := []func(*actor, *testing.T, func()){(*actor).begin, (*actor).stock, (*actor).hold}
	actors := make([]*actor, 2*len(kinds))
	var ready, all sync.WaitGroup
	ready.Add(len(actors))
	for i := range actors {
		a := &actor{
			node: m.nodes[m.random.IntN(len(m.nodes))], random: rand.New(rand.NewPCG(2, m.random.Uint64())),
			name: fmt.Sprint("actor", i), token: m.token, acked: make(map[string]any),
		}
		actors[i] = a
		all.Go(func() { kinds[i%len(kinds)](a, t, func() { ready.Done(); ready.Wait() }) })
	}
	ready.Wait()
	ended := m.end(t)
	all.Wait()
	for _, a := range actors {
		m.commits, m.refused = m.commits+a.commits, m.refused+a.refused
	}
	m.check(t, ended, actors)
}

// end ends the session, or not.
func (m *model) end(t *testing.T) (how string) {
	t.Helper()
	n := m.nodes[m.random.IntN(len(m.nodes))]
	ctx, err := n.Load(store.Begin(t.Context()), m.token)
	if err != nil {
		t.Fatal(err)
	}
	for range m.random.IntN(200) {
		n.Put(ctx, "busy", true) // some time
	}
	n.Remove(ctx, "busy")
	switch m.random.IntN(3) {
	case 0:
		return "none"
	case 1:
		how, err = "destroy", n.Destroy(ctx)
	default:
		how = "renew"
		if err = n.RenewToken(ctx); err == nil {
			m.renewed, _, err = n.Commit(ctx)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return how
}

func (m *model) check(t *testing.T, ended string, actors []*actor) {
	t.Helper()
	for _, n := range m.nodes {
		got, live := n.read(t, m.token)
		if live == (ended != "none") {
			t.Errorf("round %d, %s: the session is there: %v: %v", m.round, ended, live, got)
		}
		if ended == "destroy" {
			continue
		}
		if ended == "renew" {
			if got, live = n.read(t, m.renewed); !live {
				t.Errorf("round %d: the renewed session is not there", m.round)
			}
		}
		want := map[string]any{"user": "alice"}
		for _, a := range actors {
			maps.Copy(want, a.settled(got, ended != "none"))
		}
		if !maps.Equal(got, want) {
			t.Errorf("round %d, %s:\n got %v\nwant %v", m.round, ended, got, want)
		}
	}
}

// settled returns what the actor's keys must hold. What was on its way when the
// session ended either got there or did not, as a whole.
func (a *actor) settled(got map[string]any, ended bool) map[string]any {
	if !ended || a.maybe == nil {
		return a.acked
	}
	for key := range union(a.acked, a.maybe) {
		if got[key] != a.maybe[key] {
			return a.acked
		}
	}
	return a.maybe
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (n *modelNode) read(t *testing.T, token string) (values map[string]any, live bool) {
	t.Helper()
	found, _, ok, err := n.store.Load(t.Context(), n.store.Key(token), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil, false
	}
	return found.Values, true
}

// change returns what the actor's keys are to hold next.
func (a *actor) change(now map[string]any) map[string]any {
	next := maps.Clone(now)
	key := fmt.Sprint(a.name, ".", a.random.IntN(3))
	if _, ok := next[key]; ok && a.random.IntN(3) == 0 {
		delete(next, key)
	} else {
		next[key] = a.random.IntN(1000)
	}
	return next
}

// result notes how a commit went. It returns false when there is no more to do.
func (a *actor) result(t *testing.T, next map[string]any, err error) bool {
	t.Helper()
	switch {
	case err == nil:
		a.commits++
		a.acked = next
		return true
	case errors.Is(err, store.ErrGone):
		a.refused++
	default:
		t.Error(err)
	}
	return false
}

const steps = 5

// begin is an HTTP request that begins a transaction, with several commits.
func (a *actor) begin(t *testing.T, ready func()) {
	t.Helper()
	ctx, err := a.node.Load(store.Begin(t.Context()), a.token)
	if err != nil {
		t.Error(err)
	}
	ready()
	for range steps {
		next := a.change(a.acked)
		a.put(ctx, next)
		_, _, err := a.node.Commit(ctx)
		if !a.result(t, next, err) {
			return
		}
	}
}

// put makes the actor's keys in the session what next says.
func (a *actor) put(ctx context.Context, next map[string]any) {
	for key, value := range next {
		a.node.Put(ctx, key, value)
	}
	for key := range a.acked {
		if _, ok := next[key]; !ok {
			a.node.Remove(ctx, key)
		}
	}
}

// stock is a row of requests through the manager's own LoadAndSave. They are
// not told when the session has ended; the next one is, by another cookie.
func (a *actor) stock(t *testing.T, ready func()) {
	t.Helper()
	var next map[string]any
	var once sync.Once
	page := a.node.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(ready)
		a.put(r.Context(), next)
	}))
	for range steps {
		next = a.change(a.acked)
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: a.node.Cookie.Name, Value: a.token})
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		cancel()
		cookies := w.Result().Cookies()
		if w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
			return
		}
		// The request before was the last one, if that.
		if len(cookies) != 1 || cookies[0].Value != a.token {
			a.refused++
			return
		}
		a.commits++
		a.maybe, a.acked = a.acked, next
	}
}

// hold is a socket: it holds the session and saves now and then.
func (a *actor) hold(t *testing.T, ready func()) {
	t.Helper()
	s, key := a.node.store, a.node.store.Key(a.token)
	base, _, ok, err := s.Load(t.Context(), key, nil)
	if err != nil || !ok {
		t.Errorf("load: %v, %v", ok, err)
	}
	ready()
	for range steps {
		next := a.change(a.acked)
		values := maps.Clone(base.Values)
		maps.DeleteFunc(values, func(key string, _ any) bool { _, mine := a.acked[key]; return mine })
		maps.Copy(values, next)
		mine, err := s.Encode(base.Deadline, values)
		if err != nil {
			t.Error(err)
			return
		}
		held, err := s.Save(t.Context(), store.Commit{Key: key, Base: base, Mine: mine, Used: time.Now()})
		if !a.result(t, next, err) {
			return
		}
		base = held
	}
}

// The same with processes for nodes: no key of any of their writers is lost,
// and an increment by Swap counts once.
func TestModelProcesses(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	manager := scs.New()
	s := store.Attach(manager, store.NewRedis(server.Pool(), nil))
	ctx, err := manager.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	manager.Put(ctx, "n", 0)
	token, _, err := manager.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	run := func(roles ...string) *store.Snapshot {
		t.Helper()
		start := time.Now()
		var all sync.WaitGroup
		for i, role := range roles {
			all.Go(func() { runModelChild(t, role, server.Addr, token, fmt.Sprint("p", i)) })
		}
		all.Wait()
		found, _, ok, err := s.Load(t.Context(), s.Key(token), nil)
		if err != nil || !ok {
			t.Fatalf("load: %v, %v", ok, err)
		}
		t.Logf("%v in %v", roles, time.Since(start).Round(time.Millisecond))
		return found
	}
	found := run("write", "write", "write")
	if got, want := len(found.Values)-1, 3*modelWriters; got != want {
		t.Errorf("%d keys are left of %d: %v", got, want, slices.Sorted(maps.Keys(found.Values)))
	}
	want := 2 * modelCounters * modelIncrements()
	if got := run("count", "count").Values["n"]; got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}
