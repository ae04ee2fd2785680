package redisstore_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// startSentinel runs a real Sentinel that watches a primary, until the test ends. It
// pings once a second: with less patience it gives up a primary that is only slow.
func startSentinel(t *testing.T, primary string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	host, at, _ := net.SplitHostPort(primary)
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("bind 127.0.0.1\nport %s\nsentinel monitor app %s %s 1\n"+
		"sentinel down-after-milliseconds app 2000\nsentinel failover-timeout app 2000\n", port, host, at)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sentinel := exec.Command("redis-server", config, "--sentinel")
	if err := sentinel.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = sentinel.Process.Kill()
		_ = sentinel.Wait()
	})
	eventually(t, "the sentinel answers", func() bool { return primaryOf(addr) == primary })
	return addr
}

// primaryOf returns the address of the primary that a Sentinel names, "" for none.
func primaryOf(sentinel string) string {
	conn, err := redis.Dial("tcp", sentinel, redis.DialReadTimeout(time.Second))
	if err != nil {
		return ""
	}
	defer conn.Close()
	at, err := redis.Strings(conn.Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "app"))
	if err != nil || len(at) != 2 {
		return ""
	}
	return net.JoinHostPort(at[0], at[1])
}

// knowsReplica reports whether a Sentinel has seen a replica that follows the primary.
func knowsReplica(sentinel string) bool {
	conn, err := redis.Dial("tcp", sentinel, redis.DialReadTimeout(time.Second))
	if err != nil {
		return false
	}
	defer conn.Close()
	replicas, err := redis.Values(conn.Do("SENTINEL", "REPLICAS", "app"))
	if err != nil || len(replicas) != 1 {
		return false
	}
	of, err := redis.StringMap(replicas[0], nil)
	return err == nil && of["master-link-status"] == "ok" && of["flags"] == "slave"
}

// A pool whose dialer asks a Sentinel follows a failover: what was replicated is there,
// and the node hears again.
func TestSentinel(t *testing.T) {
	t.Parallel()
	primary, replica := storetest.Redis(t, "--repl-diskless-sync-delay", "0"), storetest.Redis(t)
	host, port, _ := net.SplitHostPort(primary.Addr)
	do(t, replica.Addr, "REPLICAOF", host, port)
	eventually(t, "the replica is online", func() bool { // before a Sentinel asks, which then asks each ten seconds
		info, err := redis.String(do(t, primary.Addr, "INFO", "replication"), nil)
		return err == nil && strings.Contains(info, "state=online")
	})
	sentinel := startSentinel(t, primary.Addr)
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", primaryOf(sentinel), redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(time.Second))
	}}
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	increment := func() error {
		return change(t.Context(), core, token, true, addOne)
	}
	if err := increment(); err != nil {
		t.Fatal(err)
	}
	watch := core.Watch()
	defer watch.Close()
	watch.Follow(store.ID(token))
	eventually(t, "it hears", core.Hears)
	eventually(t, "it is replicated", func() bool {
		key := "scs:session:" + token
		written, err := redis.Bytes(do(t, primary.Addr, "GET", key), nil)
		copied, failed := redis.Bytes(do(t, replica.Addr, "GET", key), nil)
		return err == nil && failed == nil && bytes.Equal(written, copied)
	})
	eventually(t, "the Sentinel knows a replica to promote", func() bool { return knowsReplica(sentinel) })

	primary.Stop()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for late := time.After(30 * time.Second); increment() != nil; {
		select {
		case <-again.C:
		case <-late:
			t.Fatal("no write succeeds after the failover")
		}
	}
	if n := counted(t, core, token, "n"); n != 2 {
		t.Errorf("counted %d", n)
	}
	eventually(t, "it hears again", core.Hears)
	if at := primaryOf(sentinel); at != replica.Addr {
		t.Errorf("the primary is %s", at)
	}
	if err := redisstore.New(pool).Check(t.Context()); err != nil {
		t.Error(err)
	}
}
