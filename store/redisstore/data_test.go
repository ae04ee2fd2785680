package redisstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// store/DATA.md: the append-only file keeps a session that has ended until it is
// rewritten, and what is said never. The slow log shows the names of keys, which are
// tokens without HashTokenInStore, and the begin of what is written.
func TestWrittenDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := storetest.Redis(t, "--appendonly", "yes", "--appendfsync", "always", "--dir", dir, "--slowlog-log-slower-than", "0")
	manager := scs.New()
	core := store.Attach(manager, redisstore.New(server.Pool()), store.Options{}).Core()
	ctx, err := manager.Load(context.WithoutCancel(t.Context()), "")
	if err != nil {
		t.Fatal(err)
	}
	manager.Put(ctx, "diary", "dear-diary")
	token, _, err := manager.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Say(ctx, nil, store.ID("room"), []byte(`"pssst-over-here"`)); err != nil {
		t.Fatal(err)
	}
	if err := manager.Destroy(ctx); err != nil {
		t.Fatal(err)
	}
	if n := do(t, server.Addr, "DBSIZE"); n != int64(0) {
		t.Errorf("%v keys are left", n)
	}
	slow := fmt.Sprintf("%s", do(t, server.Addr, "SLOWLOG", "GET", "128"))
	if !strings.Contains(slow, token) || !strings.Contains(slow, "diary") {
		t.Errorf("the slow log is %s", slow)
	}
	if !onDisk(t, dir, "dear-diary") || onDisk(t, dir, "pssst-over-here") {
		t.Error("the file holds what is said, or not the session that has ended")
	}
	for name, want := range map[string]string{
		"auto-aof-rewrite-percentage": "100", "auto-aof-rewrite-min-size": "67108864", "slowlog-max-len": "128",
	} {
		if got, err := redis.StringMap(do(t, server.Addr, "CONFIG", "GET", name), nil); err != nil || got[name] != want {
			t.Errorf("Redis has %v, %v; DATA.md says %s", got, err, want)
		}
	}
	do(t, server.Addr, "BGREWRITEAOF")
	eventually(t, "the rewritten file holds nothing of it", func() bool { return !onDisk(t, dir, "dear-diary") })
}

// onDisk reports whether a file in a folder, or below it, has a text.
func onDisk(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, file os.DirEntry, err error) error {
		if err != nil || file.IsDir() {
			return nil //nolint:nilerr // Redis has deleted it meanwhile
		}
		b, _ := os.ReadFile(path)
		found = found || strings.Contains(string(b), text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
