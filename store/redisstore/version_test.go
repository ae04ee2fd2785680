package redisstore_test

import (
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A swap leaves the same behind on Redis 6, which has no SET with PXAT, as on Redis 7.
func TestSwapBeforeRedis7(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	conn := server.Pool().Get()
	defer conn.Close()
	expiry := time.Now().Add(time.Hour).UnixMilli()
	now, before := redisstore.SwapScripts()
	if now[0] == before[0] || now[1] == before[1] {
		t.Fatal("a script does not ask for the version")
	}
	for name, row := range map[string]struct {
		scripts [2]string
		calls   int // of PEXPIREAT
	}{"Redis 7": {now, 0}, "before": {before, 4}} {
		if _, err := conn.Do("CONFIG", "RESETSTAT"); err != nil {
			t.Fatal(err)
		}
		if swapped, err := redis.Int(conn.Do("EVAL", row.scripts[0], 1, name, "", "one", expiry, expiry, "", "", "absent", "")); swapped != 1 {
			t.Errorf("%s: made with %d, %v", name, swapped, err)
		}
		if swapped, err := redis.Int(conn.Do("EVAL", row.scripts[0], 1, name, "one", "two", expiry, expiry, "", "", "", "")); swapped != 1 {
			t.Errorf("%s: replaced with %d, %v", name, swapped, err)
		}
		if swapped, err := redis.Int(conn.Do("EVAL", row.scripts[1], 1, name, "two", "three", "nobody", expiry, expiry, "note:", "own", "{")); swapped != 6 {
			t.Errorf("%s: replaced quietly with %d, %v", name, swapped, err)
		}
		if swapped, err := redis.Ints(conn.Do("EVAL", row.scripts[1], 2, name, "none", "three", "four", "nobody", expiry, expiry,
			"x", "y", "nobody", expiry, expiry, "note:", "own", "{")); len(swapped) != 2 || swapped[0] != 6 || swapped[1] != 0 {
			t.Errorf("%s: of two replaced quietly with %d, %v", name, swapped, err)
		}
		if b, err := redis.String(conn.Do("GET", name)); b != "four" {
			t.Errorf("%s: there is %q, %v", name, b, err)
		}
		if at, err := redis.Int64(conn.Do("PEXPIRETIME", name)); at != expiry {
			t.Errorf("%s: it expires at %d, want %d: %v", name, at, expiry, err)
		}
		if calls := callsOf(t, server)["pexpireat"]; calls != row.calls {
			t.Errorf("%s: PEXPIREAT was called %d times", name, calls)
		}
	}
}
