package plugin_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

const storeError = `{"code":"store_error","message":"The session cannot be read or saved at the moment.","reconnect":true,"data":null}`

// isDown makes a node notice that its store fails, by an event.
func (c *client) isDown() string {
	c.Helper()
	return c.askOr(`["count"]`) // an Update: it needs the store in either scope
}

// When StoreGrace is over, a store that fails ends the open sockets with
// store_error, which says to come back, also those of sessions that are idle; what
// was changed is saved when the store is back. New clients are refused.
func TestStoreGraceIsOver(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		l := &ledger{}
		options.StoreGrace = 100 * time.Millisecond
		nodes := newNodes(t, 1, store.NewMemory(), options, func(a *app) { register(a); l.tell(a, "/") })
		a := nodes[0]
		cookie := a.login("alice")
		c, sibling := a.enter(cookie), a.enter(cookie)
		other := a.enter(a.login("bob"))
		c.still("alice")
		sibling.still("alice")
		a.link.fail(true)
		want := storeErrorAnswer
		if options.Scope == plugin.PerConnection {
			want = `[true]` // kept in memory
		}
		if got := c.askOr(`["put","k","v"]`); got != want {
			t.Errorf("the event got %s, want %s", got, want)
		}
		for i, c := range []*client{c, sibling, other} {
			if got := c.farewells(); got != "!store_error" {
				t.Errorf("socket %d heard %q", i, got)
			}
		}
		left := func() int { return l.count("-alice/:store_error") + l.count("-bob/:store_error") }
		eventually(t, "they have left", func() bool { return left() == 3 })
		if l.count("!alice/:store_error") != 2 || l.count("!bob/:store_error") != 1 {
			t.Errorf("handlers: %s", l.all())
		}
		for _, cookie := range []string{cookie, "session=unknown"} {
			late := a.dial(cookie)
			if why := late.refused("/"); why != storeError {
				t.Errorf("a new client got %s", why)
			}
			late.HangUp()
		}
		a.link.fail(false)
		healed := time.Now()
		if options.Scope == plugin.PerConnection {
			eventually(t, "the change is saved", func() bool { return a.stored(cookie)["k"] == "v" })
			if took := time.Since(healed); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
		}
		a.enter(cookie).still("alice")
	})
}

const storeErrorAnswer = `[{"error":{"code":"store_error","message":"The session cannot be read or saved at the moment."}}]`

// Within StoreGrace the open sockets stay. In the scope message an event is
// answered with store_error; in the scope connection events
// go on with the copy in memory, but for those that need the store. New clients
// are refused; all works again within two seconds of the store's return, and a
// session that ended meanwhile is not brought back.
func TestStoreGrace(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		server := storetest.Redis(t, "--appendonly", "yes", "--appendfsync", "always", "--dir", t.TempDir()) // it keeps its data
		b := redisstore.New(server.Pool())
		options.StoreGrace = -1
		nodes := newNodes(t, 2, b, options, register)
		a := nodes[0]
		cookie, ended := a.login("alice"), a.login("carol")
		c, sibling, doomed := a.enter(cookie), nodes[1].enter(cookie), a.enter(ended)
		for _, c := range []*client{c, sibling, doomed} {
			c.ask(`["put","before","1"]`)
		}
		eventually(t, "all is saved", func() bool { return a.stored(cookie)["before"] == "1" && a.stored(ended)["before"] == "1" })
		server.Stop()
		if got := c.isDown(); got != storeErrorAnswer {
			t.Errorf("an Update got %s", got)
		}
		for event, want := range map[string]string{`["get","user"]`: `["alice"]`, `["put","k","v"]`: `[true]`, `["get","before"]`: `["1"]`} {
			if options.Scope == plugin.PerMessage {
				want = storeErrorAnswer
			}
			if got := c.ask(event); got != want {
				t.Errorf("%s got %s, want %s", event, got, want)
			}
		}
		doomed.ask(`["put","k","v"]`)
		for range 2 {
			asked := time.Now()
			late := a.dial(cookie)
			if why := late.refused("/"); why != storeError || time.Since(asked) > 3*time.Second {
				t.Errorf("a new client got %s after %v", why, time.Since(asked))
			}
			late.HangUp()
		}
		if body, _ := a.get(cookie, "/get?user"); body == "alice" {
			t.Error("HTTP has the session all the same")
		}
		a.link.fail(true) // until carol's session has ended
		server.Start()
		eventually(t, "it ends", func() bool { // Redis may still be loading
			last, err := b.Delete(t.Context(), tokenIn(ended), store.Note{})
			if last == nil && err == nil {
				t.Fatal("Redis has lost the session")
			}
			return last != nil
		})
		a.link.fail(false)
		healed := time.Now()
		if options.Scope == plugin.PerConnection {
			eventually(t, "the change is saved", func() bool { return a.stored(cookie)["k"] == "v" })
		}
		eventually(t, "all works again", func() bool { return c.ask(`["count"]`) == `[1]` })
		if took := time.Since(healed); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		sibling.still("alice")
		a.enter(cookie).still("alice")
		if got := doomed.askOr(`["count"]`); !strings.Contains(got, `"destroyed"`) && got != "closed" {
			t.Errorf("the session that ended meanwhile got %s", got)
		}
		if stored := a.stored(ended); stored != nil {
			t.Errorf("it is back: %v", stored)
		}
	})
}

// A session that ended while its node could not reach the store stays gone,
// whatever waits to be saved there; and nothing is left over.
func TestStoreDownAndEnded(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{time.Millisecond, -1} {
		t.Run(grace.String(), func(t *testing.T) {
			t.Parallel()
			nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{StoreGrace: grace, FlushInterval: 20 * time.Millisecond}, register)
			cookie := nodes[0].login("alice")
			c := nodes[0].enter(cookie)
			gone := nodes[0].enter(cookie)
			c.still("alice")
			gone.still("alice")
			nodes[0].link.fail(true)
			c.ask(`["put","k","v"]`)
			gone.try(`42["put","l","v"]`)
			gone.HangUp()
			swaps := nodes[0].link.count("swap")
			eventually(t, "it tries to save", func() bool { return nodes[0].link.count("swap") > swaps })
			nodes[1].get(cookie, "/destroy")
			nodes[0].link.fail(false)
			if got := c.farewells(); got != "!destroyed" && (grace < 0 || got != "!store_error") {
				t.Errorf("the socket heard %q", got)
			}
			eventually(t, "nothing is left over", func() bool { return nodes[0].sessions.Entries() == 0 })
			if stored := nodes[1].stored(cookie); stored != nil {
				t.Errorf("it is back: %v", stored)
			}
		})
	}
}

// An outage leaves nothing behind: no session in memory, no goroutine. Not
// parallel: it counts them.
func TestStoreDownLeavesNothing(t *testing.T) { //nolint:paralleltest // it counts goroutines
	for _, grace := range []time.Duration{time.Millisecond, -1} {
		nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{StoreGrace: grace, ProbeInterval: 20 * time.Millisecond, FlushInterval: 20 * time.Millisecond}, heeding)
		a := nodes[0]
		a.enter(a.login("alice")).HangUp()
		eventually(t, "the first is forgotten", func() bool { return a.sessions.Entries() == 0 && a.server.Count() == 0 })
		before := goroutines()
		var cookies, kept []string
		var clients []*client
		for range 10 {
			cookie := a.login("alice")
			c := a.enter(cookie)
			c.still("alice")
			cookies, clients = append(cookies, cookie), append(clients, c)
		}
		a.link.fail(true)
		for i, c := range clients {
			if c.askOr(`["put","k","v"]`) == `[true]` { // or it was sent away first
				kept = append(kept, cookies[i])
			}
			late := a.dial(cookies[i])
			late.refused("/")
			late.HangUp()
			c.HangUp()
		}
		probes := a.link.count("probe")
		eventually(t, "the store is probed", func() bool { return a.link.count("probe") > probes+2 })
		a.link.fail(false)
		for _, cookie := range kept {
			eventually(t, "the change is saved", func() bool { return a.stored(cookie)["k"] == "v" })
		}
		eventually(t, "all is forgotten", func() bool { return a.sessions.Entries() == 0 && a.server.Count() == 0 })
		a.browser.CloseIdleConnections()
		eventually(t, "the goroutines end", func() bool { return goroutines() <= before })
	}
}

// Once StoreGrace is over, each event that fails does not send all sockets away
// once more: that would make a goroutine for each of them.
func TestStoreGraceIsOverOnce(t *testing.T) {
	t.Parallel()
	options := plugin.Options{Scope: plugin.PerMessage, StoreGrace: time.Millisecond, ProbeInterval: time.Hour}
	a := newNodes(t, 1, store.NewMemory(), options, register)[0]
	var clients []*client
	for range 8 {
		c := a.enter(a.login("alice"))
		c.still("alice")
		clients = append(clients, c)
	}
	failed := time.Now()
	a.link.fail(true)
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			for got := storeErrorAnswer; got == storeErrorAnswer; {
				got = c.askOr(`["put","k","v"]`)
			}
		})
	}
	all.Wait() // all are sent away
	const departure = 3 * time.Second
	asked, most := a.link.count("probe"), 1+int(time.Since(failed)/departure)
	if asked == 0 || asked > most {
		t.Errorf("%d times the store was asked before all were sent away, want at most %d", asked, most)
	}
	a.link.fail(false)
}
