package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	plainredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A deposit stays until its time is over, to the moment.
func TestDepositLife(t *testing.T) {
	t.Parallel()
	s := store.Attach(scs.New(), store.NewMemory(), store.Options{}).Core() // scs.New starts a goroutine for ever
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"in time", "late"} {
			if err := s.Deposit(t.Context(), name, []byte("x"), 30*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(30*time.Second - 1)
		for range 2 {
			if got, ok, err := s.Deposited(t.Context(), "late"); string(got) != "x" || !ok || err != nil {
				t.Errorf("read just in time: %q, ok %v, error %v", got, ok, err)
			}
		}
		if _, ok, err := s.Withdraw(t.Context(), "in time"); !ok || err != nil {
			t.Errorf("just in time: ok %v, error %v", ok, err)
		}
		<-time.After(1)
		if _, ok, err := s.Withdraw(t.Context(), "late"); ok || err != nil {
			t.Errorf("when its time is over: ok %v, error %v", ok, err)
		}
		if _, ok, err := s.Deposited(t.Context(), "late"); ok || err != nil {
			t.Errorf("read when its time is over: ok %v, error %v", ok, err)
		}
	})
}

// narrow is an SCS store with room for tokens and no more: those for MySQL and SQL Server
// have CHAR(43).
type narrow struct {
	*memstore.MemStore
	mu   sync.Mutex
	keys []string
}

func (n *narrow) Commit(key string, b []byte, expiry time.Time) error {
	if len(key) > 43 {
		return fmt.Errorf("data too long for column 'token': %q", key)
	}
	n.mu.Lock()
	n.keys = append(n.keys, key)
	n.mu.Unlock()
	return n.MemStore.Commit(key, b, expiry)
}

// The key of a deposit is as long as a token, and hides the name, which can be as secret
// as a token.
func TestDepositKeys(t *testing.T) {
	t.Parallel()
	inner := &narrow{MemStore: memstore.NewWithCleanupInterval(0)}
	s := store.Attach(scs.New(), store.Wrap(inner), store.Options{}).Core()
	name := "ticket:" + strings.Repeat("n", 100)
	if err := s.Deposit(t.Context(), name, []byte("x"), time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, key := range inner.keys {
		if !strings.Contains(key, ":") {
			t.Errorf("the key %q could be a token", key)
		}
		if strings.Contains(key, "ticket") || strings.Contains(key, "nnn") {
			t.Errorf("the key %q tells the name", key)
		}
	}
	if got, ok, err := s.Withdraw(t.Context(), name); string(got) != "x" || !ok || err != nil {
		t.Errorf("Withdraw: %q, ok %v, error %v", got, ok, err)
	}
}

// If the store fails, Deposit and Withdraw return an error, and what could not be withdrawn
// is still there.
func TestDepositFails(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	s := store.Attach(scs.New(), redisstore.New(server.Pool()), store.Options{}).Core()
	server.Stop()
	if err := s.Deposit(t.Context(), "x", []byte("x"), time.Hour); err == nil || errors.Is(err, store.ErrGone) {
		t.Errorf("Deposit without a server: %v", err)
	}
	if b, ok, err := s.Deposited(t.Context(), "x"); ok || err == nil || b != nil {
		t.Errorf("Deposited without a server: %q, ok %v, error %v", b, ok, err)
	}
	if b, ok, err := s.Withdraw(t.Context(), "x"); ok || err == nil || b != nil {
		t.Errorf("Withdraw without a server: %q, ok %v, error %v", b, ok, err)
	}
}

// In Redis, deposits are outside of the sessions' prefix: nodes with plain redisstore would
// list them, and fail to decode them. They expire by themselves, and apps with different
// prefixes do not see each other's.
func TestDepositInRedis(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	mine := store.Attach(scs.New(), redisstore.New(pool), store.Options{}).Core()
	other := store.Attach(scs.New(), redisstore.NewWithPrefix(pool, "other:"), store.Options{}).Core()
	if err := mine.Deposit(t.Context(), "x", []byte("x"), 30*time.Second); err != nil {
		t.Fatal(err)
	}
	if all, err := plainredis.New(pool).All(); len(all) > 0 || err != nil {
		t.Errorf("a node with redisstore lists %v, error %v", all, err)
	}
	conn := pool.Get()
	defer conn.Close()
	keys, err := redis.Strings(conn.Do("KEYS", "*"))
	if err != nil || len(keys) != 1 {
		t.Fatalf("Redis holds %q, error %v", keys, err)
	}
	if left, err := redis.Int64(conn.Do("PTTL", keys[0])); err != nil || left <= 29_000 || left > 30_000 {
		t.Errorf("%s lives for %d ms more, error %v", keys[0], left, err)
	}
	if _, ok, err := other.Withdraw(t.Context(), "x"); ok || err != nil {
		t.Errorf("another app got it: ok %v, error %v", ok, err)
	}
	if _, ok, err := mine.Withdraw(t.Context(), "x"); !ok || err != nil {
		t.Errorf("Withdraw: ok %v, error %v", ok, err)
	}
	if n, err := redis.Int(conn.Do("DBSIZE")); n != 0 || err != nil {
		t.Errorf("%d keys are left, error %v", n, err)
	}
}
