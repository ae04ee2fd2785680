package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A mirage is a way to Redis that loses answers: what was asked is done, and the
// connection ends before anybody hears of it.
type mirage struct {
	addr, redis string
	drop        atomic.Int32 // how many answers to lose from now on
	dropped     atomic.Int32
}

func newMirage(t *testing.T, server string) *mirage {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	m := &mirage{addr: l.Addr().String(), redis: server}
	go func() { // ends with l
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(conn) // ends with conn
		}
	}()
	return m
}

func (m *mirage) serve(conn net.Conn) {
	defer conn.Close()
	server, err := net.Dial("tcp", m.redis)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { // ends with either
		_, _ = io.Copy(server, conn)
		_ = server.Close()
	}()
	for b := make([]byte, 64<<10); ; {
		n, err := server.Read(b)
		if err != nil {
			return
		}
		if m.drop.Add(-1) >= 0 {
			m.dropped.Add(1)
			return
		}
		if _, err := conn.Write(b[:n]); err != nil {
			return
		}
	}
}

func (m *mirage) pool() *redis.Pool {
	return &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", m.addr, redis.DialReadTimeout(5*time.Second))
	}}
}

// newCounter attaches a manager and starts a session with n = 0.
func newCounter(t *testing.T, backend store.Backend) (core *store.Core, token string) {
	t.Helper()
	manager := scs.New()
	core = store.Attach(manager, backend, store.Options{}).Core()
	ctx, err := manager.Load(context.WithoutCancel(t.Context()), "")
	if err != nil {
		t.Fatal(err)
	}
	manager.Put(ctx, "n", 0)
	if token, _, err = manager.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	return core, token
}

// change commits what by makes of the session's values, until that succeeds.
func change(ctx context.Context, core *store.Core, key string, once bool, by func(values map[string]any)) error {
	base, _, ok, err := core.Load(ctx, key, nil)
	if err != nil || !ok {
		return fmt.Errorf("load: %v, %w", ok, err)
	}
	return core.Retry(ctx, func() (done bool, err error) {
		values := maps.Clone(base.Values)
		by(values)
		mine, err := core.Encode(base.Deadline, values)
		if err != nil {
			return false, err
		}
		base, done, err = core.Swap(ctx, store.Commit{Key: key, Base: base, Mine: mine, Used: time.Now(), Once: once})
		return done, err
	})
}

// addOne counts: a change that must not be made twice.
func addOne(values map[string]any) { values["n"] = values["n"].(int) + 1 }

// quickly is how often something is done in a test, or in one of STORE_TEST_LONG.
func quickly(often, long int) int {
	if os.Getenv("STORE_TEST_LONG") != "" {
		return long
	}
	return often
}

// Answers are lost after the write. An Update's swap is made once, or reported; any
// other is made, and reports nothing.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	const goroutines = 4
	times := quickly(250, 2500)
	m := newMirage(t, storetest.Redis(t).Addr)
	pool := m.pool()
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	var made, unknown atomic.Int64
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range times {
				if i%10 == g {
					m.drop.Store(1)
				}
				err := change(t.Context(), core, token, true, addOne)
				if err == nil {
					made.Add(1)
				} else {
					unknown.Add(1)
				}
			}
		})
	}
	all.Wait()
	n := counted(t, core, token, "n")
	if n < made.Load() || n > made.Load()+unknown.Load() || m.dropped.Load() < 10 {
		t.Errorf("%d were made, of %d nothing is known, %d are counted; %d answers were lost", made.Load(), unknown.Load(), n, m.dropped.Load())
	}
	t.Logf("%d made, %d not known, %d counted, %d answers lost", made.Load(), unknown.Load(), n, m.dropped.Load())

	lost := m.dropped.Load()
	for i := range times {
		key := fmt.Sprint("k", i%7)
		m.drop.Store(1)
		if err := change(t.Context(), core, token, false, func(values map[string]any) { values[key] = i }); err != nil {
			t.Fatalf("a put whose answer was lost: %v", err)
		}
		if n := counted(t, core, token, key); n != int64(i) {
			t.Fatalf("%s is %d, want %d", key, n, i)
		}
	}
	if m.dropped.Load() == lost {
		t.Error("no answer was lost")
	}
}

func counted(t *testing.T, core *store.Core, token, key string) int64 {
	t.Helper()
	found, _, ok, err := core.Load(t.Context(), token, nil)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	n, _ := found.Values[key].(int)
	return int64(n)
}

// After a failover the connections to the old primary, which is a replica now, are given
// up: no call fails.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	old, next := storetest.Redis(t, "--repl-diskless-sync-delay", "0"), storetest.Redis(t)
	var addr atomic.Value
	addr.Store(old.Addr)
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr.Load().(string)) }}
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	host, port, _ := net.SplitHostPort(old.Addr)
	do(t, next.Addr, "REPLICAOF", host, port)
	eventually(t, "the replica has it", func() bool {
		n, err := redis.Int(do(t, next.Addr, "DBSIZE"), nil)
		return err == nil && n > 0
	})
	rest(pool, 4)
	do(t, next.Addr, "REPLICAOF", "NO", "ONE")
	host, port, _ = net.SplitHostPort(next.Addr)
	do(t, old.Addr, "REPLICAOF", host, port)
	addr.Store(next.Addr)
	for i := range 8 {
		once := i%2 == 0
		if err := change(t.Context(), core, token, once, addOne); err != nil {
			t.Errorf("a change, once %v: %v", once, err)
		}
	}
	if n := counted(t, core, token, "n"); n != 8 {
		t.Errorf("counted %d", n)
	}
	if err := core.End(t.Context(), token); err != nil {
		t.Error(err)
	}
	if _, _, ok, err := core.Load(t.Context(), token, nil); ok || err != nil {
		t.Errorf("it has not ended: %v, %v", ok, err)
	}
}

func do(t *testing.T, addr, name string, args ...any) any {
	t.Helper()
	conn, err := redis.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reply, err := conn.Do(name, args...)
	if err != nil && !errors.Is(err, redis.ErrNil) {
		t.Fatal(name, err)
	}
	return reply
}
