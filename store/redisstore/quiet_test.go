package redisstore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A node publishes no change that it alone listens to. If it has lost its connection and
// does not know it yet, the only listener is another, and hears of the change.
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
	defer busy.mu.Unlock()
	do(t, server.Addr, "CLIENT", "KILL", "TYPE", "pubsub")
	watch := other.Watch()
	defer watch.Close()
	watch.Follow(id)
	if event := <-watch.Events(); event.Kind != store.Missed {
		t.Errorf("first heard is %v", event)
	}
	put(2)
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
		if n := put(); n != 1 {
			t.Errorf("the first change was published %d times", n)
		}
		if event := <-watch.Events(); event.Kind != store.Changed || event.Keys != nil { // nobody knew that keys are wanted
			t.Errorf("first heard is %v", event)
		}
		drainEvents(watch)
		for range 2 {
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

// A change of which the caller does not hear whether it was made is heard by another node that
// has begun to listen, if it was.
func TestQuietGivenUp(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	core, token := newCounter(t, redisstore.New(server.Pool()))
	other := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	listenTo(t, core, store.ID(token))
	if err := change(t.Context(), core, token, false, addOne); err != nil { // Redis knows the script now
		t.Fatal(err)
	}
	base, _, _, err := core.Load(t.Context(), token, nil)
	if err != nil {
		t.Fatal(err)
	}
	mine, err := core.Encode(base.Deadline, map[string]any{"n": 1000})
	if err != nil {
		t.Fatal(err)
	}
	watch, _ := listenTo(t, other, store.ID(token))
	drainEvents(watch)
	do(t, server.Addr, "CLIENT", "PAUSE", 60_000, "WRITE")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := core.Swap(ctx, store.Commit{Key: token, Base: base, Mine: mine, Used: time.Now()}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	do(t, server.Addr, "CLIENT", "UNPAUSE")
	select {
	case event := <-watch.Events():
		if n := counted(t, other, token, "n"); event.Kind != store.Changed || n != 1000 {
			t.Errorf("heard %v, and n is %d", event, n)
		}
	case <-time.After(5 * time.Second):
		t.Error("the change is not heard")
	}
}
