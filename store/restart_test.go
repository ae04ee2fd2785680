package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Redis is killed and started again under load, twice. Writers go on by themselves, and
// what was acknowledged afterwards is there. Watches hear that they may have missed
// something, and then of all that happens. In the end no goroutine and no connection is
// left over.
//
// It counts goroutines, so it is not parallel.
func TestRedisRestartUnderLoad(t *testing.T) {
	const writers = 8
	server := storetest.Redis(t)
	pool := server.Pool()
	backend := redisstore.New(pool)
	managers := [2]*scs.SessionManager{scs.New(), scs.New()}
	here, there := store.Attach(managers[0], backend, store.Options{}), store.Attach(managers[1], backend, store.Options{})
	if _, _, _, err := backend.Find(t.Context(), "warm"); err != nil {
		t.Fatal(err)
	}
	before := goroutinesOfStore()

	watch := there.Core().Watch()
	events := make(chan store.Event, 1)
	var all, listener sync.WaitGroup
	listener.Go(func() { // ends with the watch
		defer close(events)
		for event := range watch.Events() {
			select {
			case events <- event:
			default: // nobody waits for one
			}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var tokens [writers]chan string
	var counted [writers]int
	for i := range writers {
		tokens[i] = make(chan string) // one each: from a common one a writer could take two, and another none
		all.Go(func() { counted[i] = writeUntil(ctx, t, managers[0], i, tokens[i]) })
	}
	for range 2 {
		hold := newHeldSession(t, managers[0], "n")
		watch.Follow(store.ID(hold))
		hear(t, events, store.Missed) // it has been joined
		for _, token := range tokens {
			token <- hold
		}
		hear(t, events, store.Changed)
		server.Stop()
		if _, _, _, err := here.Core().Load(t.Context(), hold, nil); err == nil {
			t.Error("a stopped server answered")
		}
		server.Start()
		hear(t, events, store.Missed)
	}
	hold := newHeldSession(t, managers[0], "n")
	watch.Follow(store.ID(hold))
	for _, token := range tokens {
		token <- hold
	}
	hear(t, events, store.Changed)
	stop()
	all.Wait()

	found, _, ok, err := here.Core().Load(t.Context(), hold, nil)
	if err != nil || !ok {
		t.Fatalf("load: %v, %v", ok, err)
	}
	for i, want := range counted {
		if got, _ := found.Values[fmt.Sprint("w", i)].(int); got < want {
			t.Errorf("writer %d: %d is there, %d was acknowledged", i, got, want)
		}
	}
	watch.Close()
	listener.Wait()
	eventually(t, "no goroutine is left over", func() bool { return goroutinesOfStore() <= before })
	eventually(t, "no connection is left over", func() bool {
		stats := pool.Stats()
		return stats.ActiveCount == stats.IdleCount
	})
}

// writeUntil counts in its own key of the session that it was given last. It returns the
// last count that was acknowledged there.
func writeUntil(ctx context.Context, t *testing.T, m *scs.SessionManager, i int, tokens <-chan string) (acknowledged int) {
	t.Helper()
	var token string
	select {
	case token = <-tokens:
	case <-ctx.Done():
		return 0
	}
	for n := 1; ; n++ {
		select {
		case token = <-tokens:
			acknowledged = 0
		case <-ctx.Done():
			return acknowledged
		default:
		}
		load, cancel := context.WithTimeout(ctx, 2*time.Second)
		held, err := m.Load(store.Begin(load), token)
		if err == nil && m.Token(held) != "" {
			m.Put(held, fmt.Sprint("w", i), n)
			if _, _, err = m.Commit(held); err == nil {
				acknowledged = n
			}
			if errors.Is(err, store.ErrNoCookie) {
				t.Error(err)
			}
		}
		cancel()
	}
}

func newHeldSession(t *testing.T, m *scs.SessionManager, key string) (token string) {
	t.Helper()
	eventually(t, "a session can be made", func() bool {
		ctx, err := m.Load(context.WithoutCancel(t.Context()), "")
		if err != nil {
			t.Fatal(err)
		}
		m.Put(ctx, key, 0)
		token, _, err = m.Commit(ctx)
		return err == nil
	})
	return token
}

// hear waits for an event of a kind.
func hear(t *testing.T, events <-chan store.Event, kind store.Kind) {
	t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case event, ok := <-events:
			if !ok {
				t.Fatal("the watch was cut off")
			}
			if event.Kind == kind {
				return
			}
		case <-late:
			t.Fatalf("no event %s in time", kind)
		}
	}
}

// goroutinesOfStore counts the goroutines of lines in Redis, and all in redigo's code.
func goroutinesOfStore() (n int) {
	var all strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&all, 2) // a Builder does not fail
	for one := range strings.SplitSeq(all.String(), "\n\n") {
		if strings.Contains(one, "redigo") || strings.Contains(one, "redisstore.(*line)") {
			n++
		}
	}
	return n
}

// Operations wait for a full pool, and none is lost, though the line keeps a connection.
func TestRedisFullPool(t *testing.T) {
	t.Parallel()
	const writers, times = 16, 10
	pool := storetest.Redis(t).Pool()
	pool.MaxActive, pool.MaxIdle, pool.Wait = 3, 3, true
	manager := scs.New()
	s := store.Attach(manager, redisstore.New(pool), store.Options{}).Core()
	token := newHeldSession(t, manager, "n")
	watch := s.Watch()
	watch.Follow(store.ID(token))
	if event := <-watch.Events(); event.Kind != store.Missed {
		t.Errorf("heard %v", event)
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range times {
				if err := increment(t.Context(), s, token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	found, _, _, err := s.Load(t.Context(), token, nil)
	if err != nil || found.Values["n"] != writers*times {
		t.Errorf("counted %v, %v", found.Values["n"], err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	held := []redis.Conn{pool.Get()} // with two that listen it is full
	cancel()
	if _, _, _, err := s.Load(ctx, token, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("who waits for a full pool does not give up: %v", err)
	}
	for _, c := range held {
		_ = c.Close()
	}
	watch.Close()
	eventually(t, "the line gives its connection back", func() bool {
		stats := pool.Stats()
		return stats.ActiveCount == stats.IdleCount
	})
}

// The line uses the password and the database number of the pool, too.
func TestRedisPassword(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t, "--requirepass", "secret")
	dial := func(options ...redis.DialOption) *redis.Pool {
		pool := &redis.Pool{Dial: func() (redis.Conn, error) { return redis.Dial("tcp", server.Addr, options...) }}
		t.Cleanup(func() { _ = pool.Close() })
		return pool
	}
	right := dial(redis.DialPassword("secret"), redis.DialDatabase(5))
	manager, other := scs.New(), scs.New()
	s := store.Attach(manager, redisstore.New(right), store.Options{})
	there := store.Attach(other, redisstore.New(right), store.Options{}).Core()
	token := newHeldSession(t, manager, "n")
	watch := there.Watch()
	defer watch.Close()
	watch.Follow(store.ID(token))
	hear(t, watch.Events(), store.Missed)
	if err := increment(t.Context(), s.Core(), token); err != nil {
		t.Fatal(err)
	}
	hear(t, watch.Events(), store.Changed)
	elsewhere := redisstore.New(dial(redis.DialPassword("secret"), redis.DialDatabase(4)))
	if _, _, ok, err := elsewhere.Find(t.Context(), token); ok || err != nil {
		t.Errorf("another database holds it: %v, %v", ok, err)
	}
	if _, _, _, err := redisstore.New(dial()).Find(t.Context(), token); err == nil {
		t.Error("no password is needed")
	}
}

// A note of another program, or of a later release, becomes Missed. Nothing in it is
// trusted.
func TestRedisUnknownNotes(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	manager := scs.New()
	s := store.Attach(manager, redisstore.New(pool), store.Options{}).Core()
	token := newHeldSession(t, manager, "n")
	id := store.ID(token)
	watch := s.Watch()
	defer watch.Close()
	watch.Follow(id)
	hear(t, watch.Events(), store.Missed)
	conn := pool.Get()
	defer conn.Close()
	for _, body := range []string{
		"", "nonsense", "null", "[]", "{}", `"destroyed"`,
		`{"v":2,"id":"` + id + `","kind":"destroyed"}`,
		`{"v":1,"id":"` + id + `","kind":"archived"}`,
		`{"v":1,"id":"` + id + `","kind":"missed"}`,
		`{"v":1,"id":"another","kind":"destroyed"}`,
		`{"v":1,"kind":"destroyed"}`,
		`{"id":"` + id + `","kind":"destroyed"}`,
		`{"v":"1","id":"` + id + `","kind":"destroyed"}`,
	} {
		if _, err := conn.Do("PUBLISH", "socketio:scs:session:note:"+id, body); err != nil {
			t.Fatal(err)
		}
		if got := <-watch.Events(); got.ID != id || got.Kind != store.Missed || got.Keys != nil {
			t.Errorf("%s: heard %v", body, got)
		}
	}
	if got := s.Ended(id); got != "" {
		t.Errorf("Ended: %q", got)
	}
	// A further field makes no other version.
	if _, err := conn.Do("PUBLISH", "socketio:scs:session:note:"+id, `{"v":1,"id":"`+id+`","kind":"changed","keys":["a"],"more":1}`); err != nil {
		t.Fatal(err)
	}
	if got := <-watch.Events(); got.Kind != store.Changed || len(got.Keys) != 1 {
		t.Errorf("heard %v", got)
	}
}
