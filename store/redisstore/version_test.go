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
	if now == before {
		t.Fatal("the script does not ask for the version")
	}
	for name, row := range map[string]struct {
		script string
		calls  int // of PEXPIREAT
	}{"Redis 7": {now, 0}, "before": {before, 2}} {
		if _, err := conn.Do("CONFIG", "RESETSTAT"); err != nil {
			t.Fatal(err)
		}
		if swapped, err := redis.Int(conn.Do("EVAL", row.script, 1, name, "", "one", expiry, expiry, "", "", "absent", "")); swapped != 1 {
			t.Errorf("%s: made with %d, %v", name, swapped, err)
		}
		if swapped, err := redis.Int(conn.Do("EVAL", row.script, 1, name, "one", "two", expiry, expiry, "", "", "present", "")); swapped != 1 {
			t.Errorf("%s: replaced with %d, %v", name, swapped, err)
		}
		if b, err := redis.String(conn.Do("GET", name)); b != "two" {
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
