package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// Calls that come while a connection is being made go together, and each gets its own
// reply. A call whose context has ended by then is not sent.
func TestRedisTogether(t *testing.T) {
	t.Parallel()
	const callers = 20
	server := storetest.Redis(t)
	direct := redisstore.New(server.Pool())
	dial := make(chan error)
	pool := &redis.Pool{MaxIdle: callers, Dial: func() (redis.Conn, error) {
		if err := <-dial; err != nil {
			return nil, err
		}
		return redis.Dial("tcp", server.Addr)
	}}
	defer pool.Close()
	r := redisstore.New(pool)
	key := func(i int) string { return fmt.Sprint("k", i) }
	for i := range callers {
		if _, ok, err := direct.Swap(t.Context(), key(i), store.Change{New: []byte(key(i)), Life: hour()}); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	find := func(want error) {
		for i := range callers {
			all.Go(func() {
				b, _, ok, err := r.Find(t.Context(), key(i))
				if !errors.Is(err, want) || want == nil && (!ok || string(b) != key(i)) {
					t.Errorf("%s: %q, %v, %v", key(i), b, ok, err)
				}
			})
		}
	}
	find(nil)
	all.Go(func() {
		if _, _, err := r.Swap(ctx, "late", store.Change{New: []byte("x"), Life: hour()}); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up: %v", err)
		}
	})
	eventually(t, "all are waiting", func() bool { return r.Waiting() == callers+1 })
	cancel()
	dial <- nil // the only one
	all.Wait()
	if stats := pool.Stats(); stats.ActiveCount != 1 {
		t.Errorf("%d connections", stats.ActiveCount)
	}
	if _, _, ok, err := direct.Find(t.Context(), "late"); ok || err != nil {
		t.Errorf("it was sent all the same: %v, %v", ok, err)
	}

	held := pool.Get() // so another one must be made
	defer held.Close()
	refused := errors.New("no connection")
	find(refused)
	eventually(t, "all are waiting", func() bool { return r.Waiting() == callers })
	dial <- refused
	all.Wait()
}

// Scripts that a server has forgotten are sent again, also when many go together.
func TestRedisScriptsFlushed(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	r := redisstore.New(pool)
	conn := pool.Get()
	defer conn.Close()
	var all sync.WaitGroup
	for i := range 200 {
		if i%10 == 0 {
			if _, err := conn.Do("SCRIPT", "FLUSH"); err != nil {
				t.Fatal(err)
			}
		}
		all.Go(func() {
			key := fmt.Sprint("k", i)
			if _, ok, err := r.Swap(context.WithoutCancel(t.Context()), key, store.Change{New: []byte(key), Life: hour()}); !ok || err != nil {
				t.Error(key, ok, err)
			}
			if last, err := r.Delete(t.Context(), key, store.Note{}); string(last) != key || err != nil {
				t.Errorf("%s: %q, %v", key, last, err)
			}
		})
	}
	all.Wait()
}

// If Redis does not answer, each call ends with the pool's timeout or its context.
func TestRedisSilent(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	pool := server.Pool()
	r := redisstore.New(pool)
	conn := pool.Get()
	defer conn.Close()
	if _, err := conn.Do("CLIENT", "PAUSE", 60_000); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var all sync.WaitGroup
	for _, ctx := range []context.Context{short, t.Context(), context.WithoutCancel(t.Context()), short, t.Context()} {
		all.Go(func() {
			if _, _, _, err := r.Find(ctx, "k"); err == nil || ctx == short && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a silent Redis: %v", err)
			}
		})
	}
	all.Wait()
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	storetest.Eventually(t, what, ok)
}
