package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	// modelEnv has TestModelChild play another node: role, address of Redis,
	// token and name, with spaces between.
	modelEnv = "STORE_TEST_MODEL"

	modelWriters  = 40 // of each process
	modelCounters = 4
)

// modelIncrements is how often each counter counts.
func modelIncrements() int { return rounds(250, 1000) }

func TestModelChild(t *testing.T) {
	fields := strings.Fields(os.Getenv(modelEnv))
	if len(fields) != 4 {
		t.Skip("for TestModelProcesses to run")
	}
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", fields[1]) }}
	manager := scs.New()
	s := store.Attach(manager, store.NewRedis(pool, nil))
	token, name := fields[2], fields[3]
	var all sync.WaitGroup
	fail := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	if fields[0] == "write" {
		var loaded sync.WaitGroup
		loaded.Add(modelWriters)
		for i := range modelWriters {
			all.Go(func() { fail(writeKey(t.Context(), manager, token, fmt.Sprint(name, ".", i), &loaded)) })
		}
	} else {
		for range modelCounters {
			all.Go(func() {
				for range modelIncrements() {
					fail(increment(t.Context(), s, s.Key(token)))
				}
			})
		}
	}
	all.Wait()
}

// writeKey loads the session, waits until the others have too, and commits.
func writeKey(ctx context.Context, manager *scs.SessionManager, token, key string, loaded *sync.WaitGroup) error {
	ctx, err := manager.Load(store.Begin(ctx), token)
	loaded.Done()
	if err != nil {
		return err
	}
	loaded.Wait()
	manager.Put(ctx, key, true)
	_, _, err = manager.Commit(ctx)
	return err
}

// increment adds one to the value n, by a swap loop.
func increment(ctx context.Context, s *store.Store, key string) error {
	base, _, ok, err := s.Load(ctx, key, nil)
	if err == nil && !ok {
		err = errors.New("there is no session")
	}
	for attempt := 0; err == nil; attempt++ {
		values := maps.Clone(base.Values)
		values["n"] = values["n"].(int) + 1
		var mine *store.Snapshot
		if mine, err = s.Encode(base.Deadline, values); err != nil {
			break
		}
		if base, ok, err = s.Swap(ctx, store.Commit{Key: key, Base: base, Mine: mine, Used: time.Now()}); ok {
			return nil
		}
		if err == nil {
			err = store.Backoff(ctx, attempt)
		}
	}
	return err
}

func runModelChild(t *testing.T, fields ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestModelChild$")
	cmd.Env = append(os.Environ(), modelEnv+"="+strings.Join(fields, " "))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
