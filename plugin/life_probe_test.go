package plugin_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Where every notification is lost, the sockets of a
// session that was destroyed elsewhere end all the same, however lately they were
// heard of; others go on. TestProbeIsInTime tells when.
func TestProbeFindsEnds(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.ProbeInterval = 200 * time.Millisecond
		nodes := newNodes(t, 2, store.NewMemory(), options, register)
		deaf := nodes[0]
		deaf.link.deaf.Store(true)
		other := deaf.enter(deaf.login("bob"))
		for range 2 {
			cookie := nodes[1].login("alice")
			c, sibling := deaf.enter(cookie), deaf.enter(cookie)
			c.still("alice") // it has just been asked for
			nodes[1].get(cookie, "/destroy")
			for _, c := range []*client{c, sibling} {
				if got := c.farewells(); got != "!destroyed" {
					t.Errorf("heard %q", got)
				}
			}
		}
		other.still("bob")
	})
}

// The next event, or what it leaves to be saved, finds out too.
func TestEventFindsEnds(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		options.ProbeInterval = time.Hour
		nodes := newNodes(t, 1, store.NewMemory(), options, register)
		a := nodes[0]
		cookie := a.login("alice")
		c, sibling := a.enter(cookie), a.enter(cookie)
		c.still("alice")
		sibling.still("alice")
		if _, err := a.link.Delete(t.Context(), tokenIn(cookie), store.Note{}); err != nil {
			t.Fatal(err)
		}
		c.send(`42["put","k","v"]`)
		for _, c := range []*client{c, sibling} {
			if got := c.farewells(); got != "!destroyed" {
				t.Errorf("heard %q", got)
			}
		}
		if stored := a.stored(cookie); stored != nil {
			t.Errorf("it is back: %v", stored)
		}
	})
}

// All sessions of which nothing was heard go in one question, and a node without
// sessions asks nothing.
func TestProbeIsBatched(t *testing.T) {
	t.Parallel()
	const sessions = 50
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{ProbeInterval: 100 * time.Millisecond}, register)
	a := nodes[0]
	var clients []*client
	for range sessions {
		clients = append(clients, a.enter(a.login("alice")))
	}
	find, missing := a.link.count("find"), a.link.count("probe")
	started := time.Now()
	eventually(t, "three probes", func() bool { return a.link.count("probe") >= missing+3 })
	if took := time.Since(started); took < 100*time.Millisecond {
		t.Errorf("three probes within %v", took)
	}
	if n := a.link.count("find") - find; n != 0 {
		t.Errorf("%d sessions were asked for one by one", n)
	}
	for _, c := range clients {
		c.HangUp()
	}
	eventually(t, "all have left", func() bool { return a.sessions.Entries() == 0 })
	eventually(t, "the probe rests", quiet(func() int { return a.link.count("probe") }))
	a.enter(a.login("bob"))
	missing = a.link.count("probe")
	eventually(t, "it runs again", func() bool { return a.link.count("probe") > missing })
}

// A probe that fails ends nobody, is reported, and is made again.
func TestProbeFails(t *testing.T) {
	t.Parallel()
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{ProbeInterval: 50 * time.Millisecond}, register)
	a := nodes[0]
	cookie := nodes[1].login("alice")
	c, other := a.enter(cookie), a.enter(a.login("bob"))
	a.link.fail(true)
	nodes[1].get(cookie, "/destroy")
	eventually(t, "it is reported", func() bool {
		return slices.ContainsFunc(a.failures.all(), func(line string) bool { return strings.HasPrefix(line, plugin.StageProbe+": ") })
	})
	a.link.cut.Store(false)
	if got := c.farewells(); got != "!destroyed" {
		t.Errorf("heard %q", got)
	}
	other.still("bob")
}

// "Done when": the pub/sub connection is cut during a logout, and stays cut. The
// other node's sockets still end within one probe interval.
func TestSubscriptionIsCut(t *testing.T) {
	t.Parallel()
	const interval = 500 * time.Millisecond
	server := storetest.Redis(t)
	pool := server.Pool()
	nodes := newNodes(t, 2, redisstore.New(pool), plugin.Options{ProbeInterval: interval}, register)
	cookie := nodes[0].login("alice")
	near, far, other := nodes[0].enter(cookie), nodes[1].enter(cookie), nodes[1].enter(nodes[0].login("bob"))
	joined(nodes[0].app, cookie, near, far)
	ctx, stop := context.WithCancel(t.Context())
	var cutting sync.WaitGroup
	cutting.Go(func() { // as often as it is made again
		conn := pool.Get()
		defer conn.Close()
		for ctx.Err() == nil {
			if _, err := redis.Int(conn.Do("CLIENT", "KILL", "TYPE", "pubsub")); err != nil {
				t.Error(err)
				return
			}
		}
	})
	nodes[0].get(cookie, "/destroy")
	ended := time.Now()
	for _, c := range []*client{near, far} {
		if got := c.farewells(); got != "!destroyed" {
			t.Errorf("heard %q", got)
		}
	}
	if took := time.Since(ended); took > interval+2*time.Second {
		t.Errorf("it took %v", took)
	}
	stop()
	cutting.Wait()
	other.still("bob")
}

// The race "ended between handshake and registration": on the first socket of a
// session here or a later one, destroyed, renewed or deleted by hand; with the
// news or without.
func TestEndsWhileRegistering(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(n node, cookie string){
		"destroyed": func(n node, cookie string) { n.get(cookie, "/destroy") },
		"renewed":   func(n node, cookie string) { n.get(cookie, "/renew") },
		"deleted": func(n node, cookie string) {
			if _, err := n.link.Delete(n.Context(), tokenIn(cookie), store.Note{}); err != nil {
				n.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, earlier := range []int{0, 1} {
				for _, deaf := range []bool{false, true} {
					options := plugin.Options{ProbeInterval: 100 * time.Millisecond, FlushInterval: time.Hour}
					nodes := newNodes(t, 2, store.NewMemory(), options, register)
					cookie := nodes[1].login("alice")
					for range earlier {
						nodes[0].enter(cookie)
					}
					nodes[0].link.deaf.Store(deaf)
					var once sync.Once
					between := func() { once.Do(func() { end(nodes[1], cookie) }) }
					nodes[0].link.found.Store(&between)
					want := map[string]string{"destroyed": "destroyed", "renewed": "renewed", "deleted": "destroyed"}[name]
					if deaf {
						want = "destroyed" // nobody knows better
					}
					c := nodes[0].dial(cookie)
					if got := c.whyNot(); got != want {
						t.Errorf("%d earlier, deaf %v: heard %q", earlier, deaf, got)
					}
					eventually(t, "it is forgotten", func() bool { return nodes[0].sessions.Entries() == 0 })
				}
			}
		})
	}
}

// whyNot returns the code of why a client was turned away, at the door or later.
func (c *client) whyNot() string {
	c.Helper()
	for got := c.read(); got != "closed"; got = c.read() {
		if _, data, is := strings.Cut(got, `{"code":"`); is {
			code, _, _ := strings.Cut(data, `"`)
			return code
		}
	}
	return "closed"
}
