package redisstore_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A connection that Redis has closed while it rested is nobody's error, though the pool
// tests none. Not even an Update's, which is made once.
func TestRestedConnection(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t, "--timeout", "1")
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", server.Addr) }}
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	admin, err := redis.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for i := range 2 {
		eventually(t, "the others are closed", func() bool { // which takes Redis up to two seconds; admin is in use
			clients, err := redis.String(admin.Do("CLIENT", "LIST"))
			return err == nil && strings.Count(clients, "\n") == 1
		})
		if err := change(t.Context(), core, token, true, addOne); err != nil {
			t.Error(err)
		}
		if n := counted(t, core, token, "n"); n != int64(i+1) {
			t.Errorf("counted %d", n)
		}
	}
}

// Connections that rest while the network loses them are given up together: a call after
// that waits for one of them to be found dead, not for each, whoever tests them.
func TestRestedInABlackHole(t *testing.T) {
	t.Parallel()
	ping := func(conn redis.Conn, _ time.Time) error {
		_, err := conn.Do("PING")
		return err
	}
	for name, set := range map[string]func(*redis.Pool){
		"no test": func(*redis.Pool) {},
		"a test":  func(p *redis.Pool) { p.TestOnBorrow = ping },
		"with a context": func(p *redis.Pool) {
			p.TestOnBorrowContext = func(_ context.Context, conn redis.Conn, since time.Time) error { return ping(conn, since) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const rested, limit = 8, 500 * time.Millisecond
			silent, err := net.Listen("tcp", "127.0.0.1:0") // who dials here never gets an answer
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			var addr atomic.Value
			addr.Store(silent.Addr().String())
			pool := &redis.Pool{MaxIdle: rested, Dial: func() (redis.Conn, error) {
				return redis.Dial("tcp", addr.Load().(string), redis.DialReadTimeout(limit))
			}}
			defer pool.Close()
			set(pool)
			r := redisstore.New(pool)
			rest(pool, rested)
			addr.Store(storetest.Redis(t).Addr)
			since := time.Now()
			eventually(t, "they have rested", func() bool { return time.Since(since) > redisstore.RestLimit })
			begin := time.Now()
			if _, _, _, err := r.Find(t.Context(), "k"); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); took > rested/2*limit {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// rest leaves n connections in a pool.
func rest(pool *redis.Pool, n int) {
	several := make([]redis.Conn, n)
	for i := range several {
		several[i] = pool.Get()
	}
	for _, conn := range several {
		_ = conn.Close()
	}
}
