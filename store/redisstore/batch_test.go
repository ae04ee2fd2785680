package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A gate is a node whose pool has one connection beside the one that listens: while the
// test holds it, calls wait, and then they go in one exchange.
type gate struct {
	*redisstore.RedisStore
	pool *redis.Pool
	line store.Line
}

func newGate(t *testing.T, server *storetest.RedisServer) *gate {
	t.Helper()
	g := new(gate)
	g.pool = &redis.Pool{MaxIdle: 2, MaxActive: 2, Wait: true, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", server.Addr) }}
	t.Cleanup(func() { _ = g.pool.Close() })
	g.RedisStore = redisstore.New(g.pool)
	g.line = g.Listen(func(store.Note) {})
	t.Cleanup(g.line.Close)
	g.line.(store.Ignorer).Ignore("gate")
	return g
}

// make puts a session there, and follows it.
func (g *gate) make(t *testing.T, key, value string) {
	t.Helper()
	if _, ok, err := g.Swap(t.Context(), key, store.Change{New: []byte(value), Life: hour()}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	g.line.Join(key)
	eventually(t, "Redis has confirmed it", func() bool { return !g.Joined(key, g.line) })
}

// change is a change of a session that nobody else follows.
func (g *gate) change(key, old, value string) store.Change {
	return store.Change{Old: []byte(old), New: []byte(value), Life: hour(), Unheard: key, Note: store.Note{From: "gate"}}
}

// together makes calls in one exchange, and returns the commands of Redis.
func (g *gate) together(t *testing.T, server *storetest.RedisServer, calls ...func()) map[string]int {
	t.Helper()
	held := g.pool.Get()
	if _, err := held.Do("CONFIG", "RESETSTAT"); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, call := range calls {
		all.Go(call)
	}
	eventually(t, "all are waiting", func() bool { return g.Waiting() == len(calls) })
	_ = held.Close()
	all.Wait()
	return callsOf(t, server)
}

// Swaps that go together are one script, and each gets the answer that it gets alone.
// Those of one session are not made at once.
func TestRedisSwapsTogether(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	g := newGate(t, server)
	for _, key := range []string{"made", "lost", "gone", "raced"} {
		g.make(t, key, key)
		if _, _, err := g.Swap(t.Context(), key, g.change(key, key, key)); err != nil {
			t.Fatal(err) // Redis knows the script now
		}
	}
	if _, err := g.Delete(t.Context(), "gone", store.Note{}); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	swap := func(key, old, value, want string, made bool) func() {
		return func() {
			now, ok, err := g.Swap(context.WithoutCancel(t.Context()), key, g.change(key, old, value))
			switch {
			case key == "raced" && ok:
				won.Add(1)
			case err != nil, key != "raced" && (string(now) != want || ok != made):
				t.Errorf("%s: %q, %v, %v", key, now, ok, err)
			}
		}
	}
	calls := []func(){
		swap("made", "made", "new", "new", true),
		swap("lost", "earlier", "new", "lost", false),
		swap("gone", "gone", "new", "", false),
	}
	for i := range 5 {
		calls = append(calls, swap("raced", "raced", fmt.Sprint(i), "", false))
	}
	n := g.together(t, server, calls...)
	if won.Load() != 1 {
		t.Errorf("%d of 5 swaps of one session were made", won.Load())
	}
	if n["evalsha"] != 5 || n["mget"] != 1 || n["set"] != 2 {
		t.Errorf("Redis was sent %v", n)
	}
	if _, expiry, ok, err := g.Find(t.Context(), "made"); !ok || err != nil || expiry.Sub(hour().Expiry).Abs() > time.Minute {
		t.Errorf("a swap among others is kept until %v: %v, %v", expiry, ok, err)
	}
}

// A swap that keeps the session's life leaves it as it is, and another does not.
func TestRedisSwapKeeps(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	g := newGate(t, server)
	g.make(t, "k", "0")
	for i, row := range []struct {
		keeps          bool
		expiry, limit  time.Duration
		least, longest time.Duration
	}{
		{true, time.Minute, time.Minute, 50 * time.Minute, time.Hour},
		{false, 2 * time.Hour, 2 * time.Hour, time.Hour, 2 * time.Hour},
		{false, time.Hour, 3 * time.Hour, time.Hour, 2 * time.Hour}, // never cut short
		{false, 4 * time.Hour, 3 * time.Hour, 2 * time.Hour, 3 * time.Hour},
		{true, time.Minute, time.Minute, 2 * time.Hour, 3 * time.Hour},
	} {
		change := g.change("k", fmt.Sprint(i), fmt.Sprint(i+1))
		change.Keeps = row.keeps
		change.Life = store.Life{Expiry: time.Now().Add(row.expiry), Limit: time.Now().Add(row.limit)}
		if now, ok, err := g.Swap(t.Context(), "k", change); !ok || err != nil {
			t.Fatalf("%d: %q, %v, %v", i, now, ok, err)
		}
		if _, expiry, _, _ := g.Find(t.Context(), "k"); time.Until(expiry) <= row.least || time.Until(expiry) > row.longest {
			t.Errorf("%d: it is kept for %v", i, time.Until(expiry))
		}
	}
}

// More than Redis should do at once are several scripts, and a large one goes alone.
func TestRedisSwapsApart(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	g := newGate(t, server)
	const many = 130
	large := strings.Repeat("x", 40_000)
	calls := make([]func(), many)
	for i := range calls {
		key, next := fmt.Sprint("k", i), fmt.Sprint("new", i)
		g.make(t, key, "old")
		if i == 7 {
			next = large
		}
		calls[i] = func() {
			if now, ok, err := g.Swap(t.Context(), key, g.change(key, "old", next)); !ok || err != nil || string(now) != next {
				t.Errorf("%s: %.9q, %v, %v", key, now, ok, err)
			}
		}
	}
	calls[0]()
	calls[0] = func() {
		if _, ok, err := g.Swap(t.Context(), "k0", g.change("k0", "old", "newer")); ok || err != nil {
			t.Errorf("k0: %v, %v", ok, err)
		}
	}
	if n := g.together(t, server, calls...); n["evalsha"] != 4 || n["set"] != many-1 {
		t.Errorf("Redis was sent %v", n)
	}
}

// A swap that Redis refuses among others gets the error that it gets alone.
func TestRedisSwapsRefused(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	g := newGate(t, server)
	calls := make([]func(), 5)
	for i := range calls {
		key := fmt.Sprint("k", i)
		g.make(t, key, "old")
		calls[i] = func() {
			_, ok, err := g.Swap(t.Context(), key, g.change(key, "old", "new"))
			if err == nil || ok || !strings.HasPrefix(err.Error(), "OOM ") {
				t.Errorf("%s: %v, %v", key, ok, err)
			}
		}
	}
	do(t, server.Addr, "CONFIG", "SET", "maxmemory", 1)
	g.together(t, server, calls...)
	do(t, server.Addr, "CONFIG", "SET", "maxmemory", 0)
	for i := range calls {
		if b, _, _, err := g.Find(t.Context(), fmt.Sprint("k", i)); string(b) != "old" || err != nil {
			t.Errorf("k%d: %q, %v", i, b, err)
		}
	}
}

// Questions that go together are one MGET.
func TestRedisHoldsTogether(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	g := newGate(t, server)
	g.make(t, "same", "same")
	g.make(t, "changed", "changed")
	ask := func(key, known string, want bool) func() {
		return func() {
			if held, err := g.Holds(t.Context(), key, []byte(known)); held != want || err != nil {
				t.Errorf("%s: %v, %v", key, held, err)
			}
		}
	}
	n := g.together(t, server, ask("same", "same", true), ask("changed", "before", false), ask("gone", "", false), ask("same", "other", false))
	if n["mget"] != 1 || n["get"] != 0 {
		t.Errorf("Redis was sent %v", n)
	}
}
