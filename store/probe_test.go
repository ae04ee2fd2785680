package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// If the store fails, Probe returns an error and nothing else.
func TestProbeFails(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	down := errors.New("down")
	for name, backend := range map[string]store.Backend{
		"Redis":      redisstore.New(server.Pool()),
		"one by one": store.Wrap(findless{memstore.NewWithCleanupInterval(0), down}),
	} {
		s := store.Attach(scs.New(), backend, store.Options{}).Core()
		if name == "Redis" {
			server.Stop()
		}
		if found, err := s.Probe(t.Context(), []string{"a", "b"}); err == nil || found != nil {
			t.Errorf("%s: %q are found, error %v", name, found, err)
		}
	}
}

type findless struct {
	*memstore.MemStore
	err error
}

func (f findless) Find(string) ([]byte, bool, error) { return nil, false, f.err }

// One round trip asks Redis for many sessions.
func TestProbeIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	var trips atomic.Int32
	dial := pool.Dial
	pool.Dial = func() (redis.Conn, error) {
		conn, err := dial()
		return countingConn{conn, &trips}, err
	}
	r := redisstore.New(pool)
	keys := make([]string, 500)
	for i := range keys {
		keys[i] = fmt.Sprint("key", i)
	}
	live := keys[7]
	if _, ok, err := r.Swap(t.Context(), live, store.Change{New: []byte("x"), Life: hour()}); !ok || err != nil {
		t.Fatalf("Swap: %v, %v", ok, err)
	}
	trips.Store(0)
	found, err := r.Probe(t.Context(), keys)
	if err != nil || len(found) != len(keys) {
		t.Fatalf("%d answers, error %v", len(found), err)
	}
	for i, b := range found {
		if want := keys[i] == live; (string(b) == "x") != want || (b == nil) == want {
			t.Errorf("under %s: %q", keys[i], b)
		}
	}
	if n := trips.Load(); n != 1 {
		t.Errorf("%d round trips", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Probe(ctx, keys); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

// countingConn counts the writes.
type countingConn struct {
	redis.Conn
	trips *atomic.Int32
}

func (c countingConn) Flush() error {
	c.trips.Add(1)
	return c.Conn.Flush()
}

func (c countingConn) ReceiveWithTimeout(timeout time.Duration) (any, error) {
	return redis.ReceiveWithTimeout(c.Conn, timeout)
}

func (c countingConn) DoWithTimeout(timeout time.Duration, name string, args ...any) (any, error) {
	return redis.DoWithTimeout(c.Conn, timeout, name, args...)
}
