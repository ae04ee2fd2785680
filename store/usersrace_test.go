package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// EndUser races with logins, renewals, merges, commits and expiries on three nodes. No session
// that was the user's before survives, none comes back, none of another user ends; and the
// rolls hold exactly what lives.
func TestUsersRaceMemory(t *testing.T) {
	t.Parallel()
	runUsersRaces(t, store.NewMemory(), rounds(1000, 10_000))
}

func TestUsersRaceRedis(t *testing.T) {
	t.Parallel()
	runUsersRaces(t, redisstore.New(storetest.Redis(t).Pool()), rounds(150, 10_000))
}

func runUsersRaces(t *testing.T, backend store.Backend, races int) {
	t.Helper()
	var nodes []*Node
	for range modelNodes {
		nodes = append(nodes, newUsersNode(backend, store.Options{}))
	}
	outcomes, start := make(map[string]int), time.Now()
	for i := 0; i < races && !t.Failed(); i++ {
		r := &usersRace{
			nodes: nodes, random: rand.New(rand.NewPCG(3, uint64(i))), outcomes: outcomes,
			ann: fmt.Sprint("ann", i), bob: fmt.Sprint("bob", i),
		}
		r.run(t)
	}
	t.Logf("%d races in %v: %v", races, time.Since(start).Round(time.Millisecond), outcomes)
}

// A usersRace is one race: sessions of ann, of bob and of nobody, each with a browser.
type usersRace struct {
	nodes    []*Node
	random   *rand.Rand
	ann, bob string
	chains   []*chain
	stepped  chan struct{} // gets one for each step

	mu       sync.Mutex
	outcomes map[string]int // by what was done, and how it ended
}

func (r *usersRace) add(t *testing.T, user string, steps ...string) {
	t.Helper()
	c := &chain{race: r, node: r.anyNode(), steps: steps, was: user, user: user}
	ctx := c.load()
	c.node.manager.Put(ctx, "user", user)
	token, _, err := c.node.manager.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c.token, c.node = token, r.anyNode()
	c.stale = c.load()
	c.node.manager.Put(c.stale, "user", user)
	c.node.manager.Put(c.stale, "late", true)
	r.chains = append(r.chains, c)
}

func (r *usersRace) anyNode() *Node { return r.nodes[r.random.IntN(len(r.nodes))] }

func (r *usersRace) oneOf(steps ...string) string { return steps[r.random.IntN(len(steps))] }

func (r *usersRace) run(t *testing.T) {
	t.Helper()
	for range 3 {
		r.add(t, r.ann, r.oneOf("commit", "socket", "renew", "merge"), "renew", r.oneOf("renew", "merge", "socket"))
	}
	r.add(t, r.ann, r.oneOf("commit", "renew"), r.oneOf("switch", "switch by renewal", "logout"), r.oneOf("commit", "renew"))
	r.add(t, r.ann, "commit", r.oneOf("destroy", "expire"))
	r.add(t, r.bob, "socket", "renew", "commit")
	r.add(t, "", r.oneOf("login", "login by renewal"), r.oneOf("commit", "renew"))
	ender, reader := r.anyNode(), r.anyNode()
	begin, ended := make(chan struct{}), make(chan struct{})
	r.stepped = make(chan struct{}, 3*len(r.chains))
	var all, browsers sync.WaitGroup
	for _, c := range r.chains {
		browsers.Go(func() { <-begin; c.run(t) })
	}
	go func() { browsers.Wait(); close(ended) }()
	after := r.random.IntN(2 * len(r.chains))
	all.Go(func() {
		<-begin
		for range after {
			select {
			case <-r.stepped:
			case <-ended:
			}
		}
		if _, err := ender.attached.EndUser(t.Context(), r.ann); err != nil {
			t.Errorf("EndUser: %v", err)
		}
	})
	all.Go(func() {
		<-begin
		if _, err := reader.attached.SessionsOf(t.Context(), r.ann); err != nil {
			t.Errorf("SessionsOf: %v", err)
		}
	})
	close(begin)
	all.Wait()
	<-ended
	for range 2 {
		r.check(t)
		for _, c := range r.chains { // a late commit changes nothing
			if c.over || c.was != r.bob {
				c.node.manager.Commit(c.stale) //nolint:errcheck // check finds what it must not do
			}
		}
	}
}

// check compares what there is with what may be.
func (r *usersRace) check(t *testing.T) {
	t.Helper()
	living := make(map[string]map[string]bool) // ids by user
	for _, c := range r.chains {
		for _, token := range c.past {
			if found := c.find(t, token); found != nil {
				t.Errorf("%v %v: an old token leads to %v", c.was, c.steps, found.Values)
			}
		}
		found := c.find(t, c.token)
		if found == nil {
			if !c.over && c.user != r.ann {
				t.Errorf("%v %v: the session is %q's, and was ended", c.was, c.steps, c.user)
			}
			continue
		}
		user, _ := found.Values["user"].(string)
		if c.was == r.ann && user == r.ann {
			t.Errorf("%v %v: it is there after EndUser: %v", c.was, c.steps, found.Values)
		}
		if !c.over && user != c.user {
			t.Errorf("%v %v: the session is %q's, want %q", c.was, c.steps, user, c.user)
		}
		if living[user] == nil {
			living[user] = make(map[string]bool)
		}
		living[user][store.ID(c.node.store.Key(c.token))] = true
	}
	for _, user := range []string{r.ann, r.bob} {
		listed, err := r.nodes[0].attached.SessionsOf(t.Context(), user)
		if err != nil || len(listed) != len(living[user]) {
			t.Errorf("of %s are listed %v, and live %v; error %v", user, listed, living[user], err)
		}
		for _, info := range listed {
			if !living[user][info.ID] {
				t.Errorf("of %s is listed %v", user, info)
			}
		}
	}
}
