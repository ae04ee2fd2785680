package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// loginAs returns the token of a new session of a user.
func (n *Node) loginAs(user string) (token string, err error) {
	ctx, err := n.manager.Load(store.Begin(context.Background()), "")
	if err != nil {
		return "", err
	}
	n.manager.Put(ctx, "user", user)
	token, _, err = n.manager.Commit(ctx)
	return token, err
}

// loginMany logs the user of each number in, many at once, on one node after the other. It
// returns the tokens.
func loginMany(tb testing.TB, nodes []*Node, n int, user func(i int) string) []string {
	tb.Helper()
	tokens, slots := make([]string, n), make(chan struct{}, 64)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			var err error
			if tokens[i], err = nodes[i%len(nodes)].loginAs(user(i)); err != nil {
				tb.Error(err)
			}
		})
	}
	all.Wait()
	return tokens
}

// wantLive fails the test unless all sessions are there, or none.
func (n *Node) wantLive(t *testing.T, tokens []string, want bool) {
	t.Helper()
	keys, live := make([]string, len(tokens)), 0
	for i, token := range tokens {
		keys[i] = n.store.Key(token)
	}
	found, err := n.store.Probe(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range found {
		if b != nil {
			live++
		}
	}
	if want && live != len(tokens) || !want && live > 0 {
		t.Errorf("%d of %d sessions live", live, len(tokens))
	}
}

// EndUser ends a thousand sessions of one user among ten thousand of others, over three
// nodes.
func TestEndUserMany(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string]store.Backend{
		"memory": store.NewMemory(), "redis": redisstore.New(storetest.Redis(t).Pool()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var nodes []*Node
			for range modelNodes {
				nodes = append(nodes, newUsersNode(backend, store.Options{}))
			}
			mine := loginMany(t, nodes, rounds(300, 1000), func(int) string { return "ann" })
			others := loginMany(t, nodes, rounds(600, 10_000), func(i int) string { return fmt.Sprint("user", i%2000) })
			start := time.Now()
			n, err := nodes[0].attached.EndUser(t.Context(), "ann")
			t.Logf("ended %d among %d in %v", n, len(others), time.Since(start))
			if n != len(mine) || err != nil {
				t.Errorf("ended %d, error %v", n, err)
			}
			for _, n := range nodes {
				n.wantLive(t, mine, false)
				n.wantLive(t, others, true)
			}
		})
	}
}

// With an idle timeout, EndUser finds what lives by use long after the expiry of its login:
// by requests, by commits of sockets, by touches alone.
func TestEndUserFindsUsed(t *testing.T) {
	t.Parallel()
	idle := time.Duration(rounds(1000, 2000)) * time.Millisecond
	for name, backend := range map[string]store.Backend{
		"memory": store.NewMemory(), "redis": redisstore.New(storetest.Redis(t).Pool()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newUsersNode(backend, store.Options{})
			n.manager.IdleTimeout = idle
			tokens := loginMany(t, []*Node{n}, 4, func(int) string { return "ann" })
			request, requestErr := n.requests(tokens[0])
			socket, socketErr := n.snapshots(tokens[1])
			if err := errors.Join(requestErr, socketErr); err != nil {
				t.Fatal(err)
			}
			uses := []func() error{
				func() error { return wantAcked(request(map[string]int{"n": 1})) },
				func() error { return wantAcked(socket(map[string]int{"n": 1})) },
				func() error {
					now := time.Now()
					return n.store.Touch(t.Context(), n.store.Key(tokens[2]), now.Add(time.Hour), now)
				},
			}
			again := time.NewTicker(idle / 8)
			defer again.Stop()
			for end := time.After(5 * idle); ; {
				for i, use := range uses {
					if err := use(); err != nil {
						t.Fatal(i, err)
					}
				}
				select {
				case <-again.C:
					continue
				case <-end:
				}
				break
			}
			if ended, err := n.attached.EndUser(t.Context(), "ann"); ended != len(uses) || err != nil {
				t.Errorf("ended %d, error %v", ended, err)
			}
			n.wantLive(t, tokens, false)
		})
	}
}

// wantAcked returns an error for a step of a holder that was not made.
func wantAcked(outcome string, err error) error {
	if err == nil && outcome != acked {
		err = errors.New(outcome)
	}
	return err
}

// Logins at the same time leave as many sessions as may be, the latest among them.
func TestMaxSessionsRace(t *testing.T) {
	t.Parallel()
	const limit = 3
	for name, backend := range map[string]store.Backend{
		"memory": store.NewMemory(), "redis": redisstore.New(storetest.Redis(t).Pool()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var nodes []*Node
			for range modelNodes {
				nodes = append(nodes, newUsersNode(backend, store.Options{MaxSessionsPerUser: limit}))
			}
			for i := range rounds(50, 1000) {
				user := func(int) string { return fmt.Sprint("ann", i) }
				tokens := loginMany(t, nodes, 10, user)
				all, err := nodes[0].attached.SessionsOf(t.Context(), user(0))
				if len(all) != limit || err != nil {
					t.Fatalf("%d sessions stay of %d, error %v", len(all), len(tokens), err)
				}
				last, err := nodes[i%len(nodes)].loginAs(user(0))
				if err != nil {
					t.Fatal(err)
				}
				nodes[0].wantLive(t, []string{last}, true)
			}
		})
	}
}

// BenchmarkRolls reports the memory of a user with one session, without the session's own.
func BenchmarkRolls(b *testing.B) {
	const users = 100_000
	names := func(i int) string { return fmt.Sprintf("user%06d@example.org", i) }
	server := storetest.Redis(b)
	used := map[string]func() float64{"redis": func() float64 { return usedMemory(b, server.Addr) }, "memory": heap}
	for name, backend := range map[string]store.Backend{"memory": store.NewMemory(), "redis": redisstore.New(server.Pool())} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before := used[name]()
				plain := newNode(backend)
				plain.manager.HashTokenInStore = true
				loginMany(b, []*Node{plain}, users, names)
				between := used[name]()
				n := newUsersNode(backend, store.Options{})
				n.manager.HashTokenInStore = true
				loginMany(b, []*Node{n}, users, names)
				after := used[name]()
				b.ReportMetric((between-before)/users, "B/session")
				b.ReportMetric((after-2*between+before)/users, "B/roll")
				runtime.KeepAlive(backend)
			}
		})
	}
}

func heap() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

func usedMemory(tb testing.TB, addr string) float64 {
	tb.Helper()
	conn, err := redis.Dial("tcp", addr)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	info, err := redis.String(conn.Do("INFO", "memory"))
	if err != nil {
		tb.Fatal(err)
	}
	_, info, _ = strings.Cut(info, "\nused_memory:")
	var used float64
	if _, err := fmt.Sscanf(info, "%f", &used); err != nil {
		tb.Fatal(err)
	}
	return used
}
