package plugin_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// rolls runs a test in memory and on a Redis, whose own types are Rolls.
func rolls(t *testing.T, test func(t *testing.T, b store.Backend)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, store.NewMemory())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, redisstore.New(storetest.Redis(t).Pool()))
	})
}

// What is sent to a user reaches all sockets of all sessions of theirs, on every node, and
// nobody else's; also those that have just become theirs, and not those that were.
func TestEmitToUser(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, b store.Backend) {
		here, there := newApp(t, b, plugin.Options{}, register), newApp(t, b, plugin.Options{}, register)
		first, second := here.login("ann"), here.login("ann")
		theirs := []*client{here.enter(first), there.enter(first), there.enter(second)}
		bob := there.enter(here.login("bob"))
		joined(here, first, theirs[:2]...)
		joined(here, second, theirs[2])
		emit := func(text string) {
			t.Helper()
			if err := here.sessions.Emit(t.Context(), plugin.User("ann"), "/", "said", text); err != nil {
				t.Fatal(err)
			}
		}
		emit("one")
		for _, c := range theirs {
			c.want(`42["said","one"]`)
		}
		if n := len(here.sessions.Sockets(plugin.User("ann"), "/")) + len(there.sessions.Sockets(plugin.User("ann"), "/")); n != len(theirs) {
			t.Errorf("%d sockets of the user", n)
		}

		here.get(first, "/put?user=bob") // another user's by now
		theirs[0].ask(`["get","user"]`)
		theirs[1].ask(`["get","user"]`)
		emit("two")
		theirs[2].want(`42["said","two"]`)
		if err := there.sessions.Disconnect(t.Context(), plugin.User("ann"), nil); err != nil {
			t.Fatal(err)
		}
		if got := theirs[2].expelled("/"); !strings.Contains(got, `"code":"disconnected"`) {
			t.Errorf("sent away: %s", got)
		}
		for _, c := range append(theirs[:2], bob) {
			if got := c.ask(`["get","user"]`); got != `["bob"]` {
				t.Errorf("another user's socket got %s", got)
			}
		}
	})
}

// A name that is empty is an error, and so is a store that does not know whose sessions
// there are; this node's sockets are served then.
func TestEmitToUserWithoutRoll(t *testing.T) {
	t.Parallel()
	a := newApp(t, store.Wrap(memstore.New()), plugin.Options{}, register)
	c := a.enter(a.login("ann"))
	if err := a.sessions.Emit(t.Context(), plugin.User("ann"), "/", "said", 1); !errors.Is(err, store.ErrNoRoll) {
		t.Errorf("without a roll: got %v", err)
	}
	rolled := newApp(t, nil, plugin.Options{}, register)
	if err := rolled.sessions.Emit(t.Context(), plugin.User(""), "/", "said", 1); !errors.Is(err, store.ErrNoUser) {
		t.Errorf("without a name: got %v", err)
	}
	if got := c.ask(`["get","user"]`); got != `["ann"]` {
		t.Errorf("got %s", got)
	}
}

// EndUser ends sockets on every node as a logout does, but for the session that asks.
func TestEndUserEndsSockets(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, b store.Backend) {
		here, there := newApp(t, b, plugin.Options{}, register), newApp(t, b, plugin.Options{}, register)
		own, other := here.login("ann"), here.login("ann")
		stays, goes := []*client{here.enter(own), there.enter(own)}, []*client{here.enter(other), there.enter(other)}
		joined(here, other, goes...)
		n, err := here.manager.Store.(*store.Store).EndUser(t.Context(), "ann", idOf(own))
		if n != 1 || err != nil {
			t.Fatalf("ended %d, %v", n, err)
		}
		for _, c := range goes {
			if got := c.farewells(); got != "!destroyed" {
				t.Errorf("heard %s", got)
			}
		}
		for _, c := range stays {
			c.still("ann")
		}
	})
}

// Who logs in above MaxSessionsPerUser stays, and the sockets of the session that was used
// least recently hear superseded, on every node.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	rolls(t, func(t *testing.T, b store.Backend) {
		here, there := limited(t, b), limited(t, b)
		cookies := []string{here.login("ann"), there.login("ann")}
		oldest := []*client{here.enter(cookies[0]), there.enter(cookies[0])}
		second := here.enter(cookies[1])
		joined(here, cookies[0], oldest...)
		newest := there.enter(here.login("ann"))
		for _, c := range oldest {
			if got := c.farewells(); got != "!superseded" {
				t.Errorf("heard %s", got)
			}
		}
		second.still("ann")
		newest.still("ann")
		if why := here.connect(kind{overWebsocket, 3}, cookies[0]).refused("/"); !strings.Contains(why, `"code":"superseded"`) {
			t.Errorf("who comes back hears %s", why)
		}
	})
}

// limited serves a node where a user may have two sessions.
func limited(t *testing.T, b store.Backend) *app {
	t.Helper()
	return newAppWith(t, b, store.Options{User: userOf, MaxSessionsPerUser: 2}, plugin.Options{}, register)
}
