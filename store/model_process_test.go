package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/rpc"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// pipes are the ends of a connection to another process.
type pipes struct {
	io.Reader
	io.WriteCloser
}

// nodesElsewhere starts a process for each node.
func nodesElsewhere(t *testing.T, redisAddr string) []node {
	t.Helper()
	nodes := make([]node, modelNodes)
	for i := range nodes {
		cmd := child(context.WithoutCancel(t.Context()), "node", redisAddr)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		in, inErr := cmd.StdinPipe()
		out, outErr := cmd.StdoutPipe()
		if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		client := rpc.NewClient(pipes{out, in})
		t.Cleanup(func() { // it ends with its input
			_ = client.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("a node: %v\n%s", err, stderr.String())
			}
		})
		nodes[i] = func(c Command) (a Answer, err error) { return a, client.Call("Node.Serve", c, &a) }
	}
	return nodes
}

func nodeChild(args []string) error {
	server := rpc.NewServer()
	if err := server.Register(newNode(redisAt(args[0]))); err != nil {
		return err
	}
	server.ServeConn(pipes{os.Stdin, os.Stdout})
	return nil
}

func redisAt(addr string) store.Backend {
	return redisstore.New(&redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }})
}

const (
	modelWriters  = 40 // of each process
	modelCounters = 4
)

// modelIncrements is how often each counter counts.
func modelIncrements() int { return rounds(250, 1000) }

// Many writers in several processes lose no key, and an increment by Swap counts once.
func TestProcessesCount(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	manager := scs.New()
	s := store.Attach(manager, redisstore.New(server.Pool()), store.Options{}).Core()
	token := newHeldSession(t, manager, "n")
	run := func(roles ...string) *store.Snapshot {
		t.Helper()
		start := time.Now()
		var all sync.WaitGroup
		for i, role := range roles {
			all.Go(func() {
				if out, err := child(t.Context(), role, server.Addr, token, strconv.Itoa(i)).CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
		all.Wait()
		found, _, ok, err := s.Load(t.Context(), s.Key(token), nil)
		if err != nil || !ok {
			t.Fatalf("load: %v, %v", ok, err)
		}
		t.Logf("%v in %v", roles, time.Since(start).Round(time.Millisecond))
		return found
	}
	found := run("write", "write", "write")
	if got, want := len(found.Values)-1, 3*modelWriters; got != want {
		t.Errorf("%d keys are left of %d: %v", got, want, slices.Sorted(maps.Keys(found.Values)))
	}
	want := 2 * modelCounters * modelIncrements()
	if got := run("count", "count").Values["n"]; got != want {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// writeChild runs writers. All load the session before the first commits.
func writeChild(args []string) error {
	manager := scs.New()
	store.Attach(manager, redisAt(args[0]), store.Options{})
	var loaded sync.WaitGroup
	loaded.Add(modelWriters)
	return together(modelWriters, func(i int) error {
		ctx, err := manager.Load(store.Begin(context.Background()), args[1])
		loaded.Done()
		if err != nil {
			return err
		}
		loaded.Wait()
		manager.Put(ctx, fmt.Sprint("p", args[2], ".", i), true)
		_, _, err = manager.Commit(ctx)
		return err
	})
}

func countChild(args []string) error {
	s := store.Attach(scs.New(), redisAt(args[0]), store.Options{}).Core()
	return together(modelCounters, func(int) (err error) {
		for n := 0; n < modelIncrements() && err == nil; n++ {
			err = increment(context.Background(), s, s.Key(args[1]))
		}
		return err
	})
}

func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// increment adds one to the value n, by Swap in a loop.
func increment(ctx context.Context, s *store.Core, key string) error {
	base, _, ok, err := s.Load(ctx, key, nil)
	if err == nil && !ok {
		err = errors.New("there is no session")
	}
	if err != nil {
		return err
	}
	return s.Retry(ctx, func() (done bool, err error) {
		values := maps.Clone(base.Values)
		values["n"] = values["n"].(int) + 1
		mine, err := s.Encode(base.Deadline, values)
		if err != nil {
			return false, err
		}
		base, done, err = s.Swap(ctx, store.Commit{Key: key, Base: base, Mine: mine, Used: time.Now(), Once: true})
		return done, err
	})
}
