package redisstore_test

import (
	"strings"
	"testing"
	"time"

	plainredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// The rights that README names are enough for all that a backend does.
func TestRedis(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	do(t, server.Addr, "ACL", rules(t)...)
	storetest.Run(t, func(t *testing.T) store.Backend {
		t.Helper()
		return redisstore.New(asApp(t, server)) // a pool of its own: New changes it, and the last one's may still be used
	})
}

// What cannot work is refused at the start: a cluster, and a pool that is too small.
func TestRedisCheck(t *testing.T) {
	t.Parallel()
	one, cluster := storetest.Redis(t), storetest.Redis(t, "--cluster-enabled", "yes")
	small := one.Pool()
	small.MaxActive = 2
	for name, row := range map[string]struct {
		pool *redis.Pool
		want string
	}{
		"one server": {one.Pool(), ""}, "a cluster": {cluster.Pool(), "cluster"}, "a small pool": {small, "MaxActive"},
	} {
		err := redisstore.New(row.pool).Check(t.Context())
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one.Stop()
	if err := redisstore.New(one.Pool()).Check(t.Context()); err != nil {
		t.Errorf("a server that may be started later: %v", err)
	}
}

func TestWrapRedisstore(t *testing.T) {
	t.Parallel()
	inner := plainredis.New(storetest.Redis(t).Pool())
	open := func(*testing.T) store.Backend { return store.Wrap(inner) }
	storetest.Run(t, open, storetest.NoExpiry, storetest.NoEvents, storetest.NoRoll)
}

// A node with plain redisstore and stock SCS reads what we write, expiry included, and we
// read what it writes.
func TestRedisSharesLayout(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	plain, ours := scs.New(), scs.New()
	plain.Store = plainredis.New(pool)
	store.Attach(ours, redisstore.New(pool), store.Options{})
	for _, pair := range [][2]*scs.SessionManager{{plain, ours}, {ours, plain}} {
		writer, reader := pair[0], pair[1]
		ctx, err := writer.Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		writer.Put(ctx, "user", "alice")
		token, expiry, err := writer.Commit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ctx, err = reader.Load(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if got := reader.GetString(ctx, "user"); got != "alice" {
			t.Errorf("user is %q", got)
		}
		conn := pool.Get()
		left, err := redis.Int64(conn.Do("PTTL", "scs:session:"+token))
		conn.Close()
		if off := time.Until(expiry) - time.Duration(left)*time.Millisecond; err != nil || off.Abs() > time.Second {
			t.Errorf("PTTL is off by %v, error %v", off, err)
		}
	}
}

// A prefix keeps apps apart, also one with characters of SCAN's patterns.
func TestRedisPrefix(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	mine := redisstore.NewWithPrefix(pool, "app[1]*:")
	other := redisstore.NewWithPrefix(pool, "app1x:")
	for name, r := range map[string]*redisstore.RedisStore{"mine": mine, "other": other} {
		if _, ok, err := r.Swap(t.Context(), "k", store.Change{New: []byte(name), Life: hour()}); !ok || err != nil {
			t.Fatalf("Swap: %v, %v", ok, err)
		}
	}
	all, err := mine.All(t.Context())
	if err != nil || len(all) != 1 || string(all["k"]) != "mine" {
		t.Errorf("All returned %q, %v", all, err)
	}
}

// A restart of Redis costs only what Redis lost: scripts and connections come back by
// themselves.
func TestRedisRestart(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	r := redisstore.New(server.Pool())
	swap := func() error {
		_, ok, err := r.Swap(t.Context(), "k", store.Change{New: []byte("x"), Life: hour()})
		if err == nil && !ok {
			t.Error("the key is there already")
		}
		return err
	}
	if err := swap(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if _, _, _, err := r.Find(t.Context(), "k"); err == nil {
		t.Error("Find found a stopped server")
	}
	server.Start()
	for deadline := time.Now().Add(10 * time.Second); ; {
		err := swap()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// hour returns the life of a session that expires in an hour.
func hour() store.Life {
	end := time.Now().Add(time.Hour)
	return store.Life{Expiry: end, Limit: end}
}
