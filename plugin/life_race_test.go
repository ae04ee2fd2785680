package plugin_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// "Done when": the old cookie is dead after 200 rounds in which a logout or a
// renewal races with changes that wait to be saved, puts over sockets and HTTP,
// disconnects and claims, on three nodes of which one is cut off from the store
// at some time, and comes back with what it has kept in memory.
func TestNothingComesBack(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		scopes(t, func(t *testing.T, options plugin.Options) {
			const batches, rounds = 5, 10 // for each of 2 backends and 2 scopes
			for batch := range batches {
				options.FlushInterval = []time.Duration{time.Millisecond, 10 * time.Millisecond, time.Hour}[batch%3]
				options.StoreGrace = []time.Duration{time.Millisecond, -1}[batch%2]
				options.ProbeInterval = 20 * time.Millisecond
				nodes := newNodes(t, 3, b, options, loginApp)
				var all sync.WaitGroup
				cookies := make([]string, rounds)
				for i := range cookies {
					cookies[i] = nodes[0].login("alice")
					race(&all, nodes, cookies[i])
				}
				crash := nodes[2].link
				all.Go(func() {
					<-time.After(rand.N(20 * time.Millisecond)) // any moment will do
					crash.fail(true)
				})
				all.Wait()
				for _, cookie := range cookies {
					if stored := nodes[0].stored(cookie); stored != nil {
						t.Errorf("a session is back: %v", stored)
					}
				}
				crash.fail(false)
				for _, n := range nodes {
					eventually(t, "all is forgotten", func() bool { return n.sessions.Entries() == 0 })
				}
				for _, cookie := range cookies {
					if stored := nodes[0].stored(cookie); stored != nil {
						t.Errorf("a session is back after the node: %v", stored)
					}
				}
			}
		})
	})
}

// race plays one session to its end.
func race(all *sync.WaitGroup, nodes []node, cookie string) {
	clients := make([]*client, len(nodes))
	for i, n := range nodes {
		clients[i] = n.enter(cookie) // all of them before one logs in
	}
	for i, n := range nodes {
		c := clients[i]
		all.Go(func() {
			for got := c.read(); got != "closed"; got = c.read() {
				if secret := secretIn(got); secret != "" {
					nodes[1].redeem(cookie, secret)
				}
			}
		})
		all.Go(func() {
			for k := 0; c.try(fmt.Sprintf(`42["put","k","%d-%d"]`, i, k)); k++ {
				switch {
				case k == 5 && i == 1:
					c.try(`42["login","mallory"]`)
				case k == 30 && i > 0:
					c.HangUp()
				}
				<-time.After(time.Duration(k) * time.Millisecond / 10) // as long as it is open
			}
		})
		all.Go(func() { n.get(cookie, fmt.Sprintf("/put?http%d=v", i)) })
	}
	all.Go(func() {
		<-time.After(rand.N(10 * time.Millisecond)) // any moment will do
		nodes[0].get(cookie, []string{"/destroy", "/renew"}[rand.N(2)])
		nodes[1].get(cookie, "/put?late=v")
		nodes[1].post("session-claim", cookie)
	})
}

// A handler that begins when its session has just ended is cancelled like one
// that ran before.
func TestCancelledFromTheStart(t *testing.T) {
	t.Parallel()
	l, returned := &ledger{}, make(chan error, 1)
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{Scope: plugin.PerMessage}, func(a *app) {
		register(a)
		l.watch(a, "/")
		a.sessions.OnEvent("/", "wait", func(_ socketio.Conn, s *plugin.Session) {
			<-s.Done()
			returned <- s.Err()
		})
	})
	cookie := nodes[0].login("alice")
	c := nodes[0].enter(cookie)
	var once sync.Once
	during := func() {
		once.Do(func() {
			nodes[1].get(cookie, "/destroy")
			eventually(t, "the end is heard of", func() bool { return strings.Contains(l.all(), "!/:destroyed") })
		})
	}
	nodes[0].link.found.Store(&during)
	c.send(`42["wait"]`)
	if err := recv(t, "the handler", returned); err == nil {
		t.Error("no error after Done")
	}
	if got := c.farewells(); got != "!destroyed" {
		t.Errorf("heard %q", got)
	}
}

// A session that ends while OnConnect fails: the client is turned away, and not
// left waiting.
func TestEndsWhileOnConnectFails(t *testing.T) {
	t.Parallel()
	entering, enter := make(chan bool), make(chan error)
	l := &ledger{}
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{}, func(a *app) {
		register(a)
		l.watch(a, "/")
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { entering <- true; return <-enter })
	})
	cookie := nodes[0].login("alice")
	c := nodes[0].dial(cookie)
	recv(t, "OnConnect", entering)
	nodes[1].get(cookie, "/destroy")
	eventually(t, "the end is heard of", func() bool { return strings.Contains(l.all(), "!/:destroyed") })
	enter <- &plugin.Refusal{Code: "app"}
	if got := c.whyNot(); got != "destroyed" {
		t.Errorf("heard %q", got)
	}
	c.HangUp()
	eventually(t, "it is forgotten", func() bool { return nodes[0].server.Count() == 0 && nodes[0].sessions.Entries() == 0 })
	if got := l.all(); got != "!/:destroyed" {
		t.Errorf("handlers: %s", got)
	}
}

// Update in OnDisconnect goes on until it succeeds, also when the socket was sent
// away, which cancels its session's context, and others write at the same time.
func TestUpdateOfTheExpelled(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		var cookie string
		var nodes []node
		nodes = newNodes(t, 2, store.NewMemory(), options, func(a *app) {
			register(a)
			a.sessions.OnDisconnect("/", func(_ socketio.Conn, s *plugin.Session, _ string) {
				tries := 0
				err := s.Update(func(s *plugin.Session) error {
					if tries++; tries <= 5 {
						nodes[1].get(cookie, fmt.Sprintf("/put?try=%d", tries))
					}
					a.manager.Put(s, "n", a.manager.GetInt(s, "n")+1)
					return nil
				})
				if err != nil || tries != 6 {
					t.Errorf("Update ran %d times: %v", tries, err)
				}
			})
		})
		cookie = nodes[0].login("alice")
		c := nodes[0].enter(cookie)
		c.still("alice")
		if err := nodes[0].sessions.Disconnect(t.Context(), plugin.ID(idOf(cookie)), nil); err != nil {
			t.Error(err)
		}
		eventually(t, "it is saved", func() bool { return nodes[0].stored(cookie)["n"] == 1 && nodes[0].stored(cookie)["try"] == "5" })
	})
}

// What goes wrong for a socket whose session is being loaded is reported, without
// a look at what is just being set: run with -race.
func TestFailsWhileEntering(t *testing.T) {
	t.Parallel()
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnInvalid("/", func(socketio.Conn, *plugin.Refusal) { panic("secret reason") })
	})
	a := nodes[0]
	cookie := a.login("alice")
	a.enter(cookie).still("alice")
	loading, goOn := make(chan bool), make(chan bool)
	var once sync.Once
	during := func() { once.Do(func() { loading <- true; <-goOn }) }
	a.link.found.Store(&during)
	c := a.dial(cookie)
	recv(t, "the second socket loads", loading)
	if err := a.sessions.Disconnect(t.Context(), plugin.ID(idOf(cookie)), nil); err != nil {
		t.Error(err)
	}
	goOn <- true // now: to wait for something would order what is not
	eventually(t, "both failures are reported", func() bool {
		n := 0
		for _, failure := range a.failures.all() {
			n += strings.Count(failure, "panic: secret reason")
		}
		return n == 2
	})
	c.HangUp()
}
