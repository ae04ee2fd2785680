package redisstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A node publishes no change that it alone listens to. If it has lost its connection and
// does not know it yet, the only listener is another: that hears of the change when the
// node finds out.
func TestQuiet(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	busy := &stall{}
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", server.Addr, redis.DialNetDial(busy.dial))
	}}
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	other := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	id := store.ID(token)
	listenTo(t, core, id)
	put := func(value int) {
		t.Helper()
		if err := change(t.Context(), core, token, false, func(values map[string]any) { values["n"] = value }); err != nil {
			t.Fatal(err)
		}
	}
	do(t, server.Addr, "CONFIG", "RESETSTAT")
	eventually(t, "a change is not published", func() bool { // not before the node knows that Redis has confirmed it
		put(1)
		published := strings.Contains(statsOf(t, server), "cmdstat_publish")
		do(t, server.Addr, "CONFIG", "RESETSTAT")
		return !published
	})

	busy.mu.Lock()
	do(t, server.Addr, "CLIENT", "KILL", "TYPE", "pubsub")
	watch := other.Watch()
	defer watch.Close()
	watch.Follow(id)
	if event := <-watch.Events(); event.Kind != store.Missed {
		t.Errorf("first heard is %v", event)
	}
	put(2)
	if stats := statsOf(t, server); strings.Contains(stats, "cmdstat_publish") {
		t.Errorf("it is published at once, so this test shows nothing:\n%s", stats)
	}
	busy.mu.Unlock()
	if event := <-watch.Events(); event.ID != id || event.Kind != store.Changed {
		t.Errorf("then %v is heard", event)
	}
}

func statsOf(t *testing.T, server *storetest.RedisServer) string {
	t.Helper()
	stats, err := redis.String(do(t, server.Addr, "INFO", "commandstats"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// A change is published as soon as another node listens, and no more when none does.
func TestQuietNoMore(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	core, token := newCounter(t, redisstore.New(server.Pool()))
	other := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	id := store.ID(token)
	listenTo(t, core, id)
	value := 0
	put := func() (published int) {
		t.Helper()
		value++
		do(t, server.Addr, "CONFIG", "RESETSTAT")
		if err := change(t.Context(), core, token, false, func(values map[string]any) { values["n"] = value }); err != nil {
			t.Fatal(err)
		}
		return callsOf(t, server)["publish"]
	}
	for range 2 {
		eventually(t, "nothing is published", func() bool { return put() == 0 })
		watch := other.Watch()
		watch.Follow(id)
		if event := <-watch.Events(); event.Kind != store.Missed {
			t.Errorf("first heard is %v", event)
		}
		for range 3 {
			if n := put(); n != 1 {
				t.Errorf("a change was published %d times", n)
			}
			if event := <-watch.Events(); event.Kind != store.Changed || !slices.Equal(event.Keys, []string{"n"}) {
				t.Errorf("heard %v", event)
			}
		}
		watch.Close()
	}
}
