package redisstore_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A pair is a primary and its replica, and which of them dialers reach.
type pair struct {
	old, next *storetest.RedisServer
	addr      atomic.Value
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{
		old:  storetest.Redis(t, "--repl-diskless-sync-delay", "0"),
		next: storetest.Redis(t, "--repl-diskless-sync-delay", "0"),
	}
	p.addr.Store(p.old.Addr)
	host, port, _ := net.SplitHostPort(p.old.Addr)
	do(t, p.next.Addr, "REPLICAOF", host, port)
	return p
}

// pool returns a pool of connections to the primary.
func (p *pair) pool(t *testing.T) *redis.Pool {
	t.Helper()
	pool := &redis.Pool{MaxIdle: 32, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", p.addr.Load().(string)) }}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// swap makes the replica the primary and the primary its replica, and cuts no connection.
func (p *pair) swap(t *testing.T) {
	t.Helper()
	admin, err := redis.Dial("tcp", p.old.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Do("SET", "mark", 1); err != nil { // WAIT waits for a connection's own writes
		t.Fatal(err)
	}
	eventually(t, "all is replicated", func() bool {
		n, err := redis.Int(admin.Do("WAIT", 1, 1000))
		return err == nil && n == 1
	})
	do(t, p.next.Addr, "REPLICAOF", "NO", "ONE")
	p.addr.Store(p.next.Addr)
	host, port, _ := net.SplitHostPort(p.next.Addr)
	do(t, p.old.Addr, "REPLICAOF", host, port)
}

// A failover under load fails no call, however many connections lead to the old primary,
// and in the end none does.
func TestFailoverUnderLoad(t *testing.T) {
	t.Parallel()
	const goroutines = 16
	servers := newPair(t)
	pool := servers.pool(t)
	core, token := newCounter(t, redisstore.New(pool))
	var all sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var calls [goroutines]atomic.Int64
	for g := range goroutines {
		all.Go(func() {
			for ; ctx.Err() == nil; calls[g].Add(1) {
				var err error
				switch g % 4 {
				case 0, 1: // reads do not notice that they reach a replica
					_, _, _, err = core.Load(t.Context(), token, nil)
				case 2:
					err = core.Touch(t.Context(), token, time.Now().Add(time.Hour), time.Now())
				case 3:
					err = change(t.Context(), core, token, g == 3, addOne)
				}
				if err != nil {
					t.Errorf("goroutine %d: %v", g, err)
				}
			}
		})
	}
	proceed := func() {
		for g := range calls {
			calls[g].Store(0)
		}
		for g := range calls {
			eventually(t, "all go on", func() bool { return calls[g].Load() > 10 })
		}
	}
	proceed()
	servers.swap(t)
	proceed()
	stop()
	all.Wait()
	clients, err := redis.String(do(t, servers.old.Addr, "CLIENT", "LIST", "TYPE", "NORMAL"), nil)
	if err != nil || strings.Count(clients, "\n") != 1 {
		t.Errorf("connections to the old primary, with the one that asks:\n%s%v", clients, err)
	}
}

// After a failover that cuts no connection, nodes listen at the new primary once they have
// been refused at the old one, and no change is lost until then or later.
func TestFailoverOfListeners(t *testing.T) {
	t.Parallel()
	servers := newPair(t)
	here, there := servers.pool(t), servers.pool(t)
	core, token := newCounter(t, redisstore.New(here))
	other := store.Attach(scs.New(), redisstore.New(there), store.Options{}).Core()
	id := store.ID(token)
	put := func(core *store.Core, value int) {
		t.Helper()
		if err := change(t.Context(), core, token, false, func(values map[string]any) { values["n"] = value }); err != nil {
			t.Fatal(err)
		}
	}
	watch, _ := listenTo(t, core, id)
	listenTo(t, other, id)
	put(core, 10)
	put(other, 11)
	eventually(t, "connections to the old primary rest", func() bool {
		return here.Stats().IdleCount > 0 && there.Stats().IdleCount > 0
	})
	drainEvents(watch)
	servers.swap(t)
	for value := 1; value <= 3; value++ {
		put(other, value) // finds out, and listens at the new primary
		select {
		case event := <-watch.Events():
			if event.Kind != store.Changed && event.Kind != store.Missed {
				t.Errorf("heard %v", event)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("change %d is not heard", value)
		}
		put(core, -value)
		eventually(t, "both hear", func() bool { return core.Hears() && other.Hears() })
		drainEvents(watch)
	}
	clients, err := redis.String(do(t, servers.old.Addr, "CLIENT", "LIST", "TYPE", "PUBSUB"), nil)
	if err != nil || strings.TrimSpace(clients) != "" {
		t.Errorf("they listen at the old primary:\n%s%v", clients, err)
	}
}

// A node that no server has refused after a failover, since it has dialed anew, finds out all
// the same that it listens at the old primary: also where another node listens at the new one,
// and with a session of a user.
func TestFailoverUnrefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		shared bool
		user   string
	}{"alone": {}, "with another": {shared: true}, "of a user": {user: "ann"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newPair(t)
			pool := servers.pool(t)
			other, token := newCounter(t, redisstore.New(servers.pool(t)))
			core := store.Attach(scs.New(), redisstore.New(pool), store.Options{User: func(values map[string]any) string {
				user, _ := values["user"].(string)
				return user
			}}).Core()
			value := 0
			put := func(core *store.Core) {
				t.Helper()
				value++
				if err := change(t.Context(), core, token, false, func(values map[string]any) {
					values["n"], values["user"] = value, row.user
				}); err != nil {
					t.Fatal(err)
				}
			}
			watch, _ := listenTo(t, core, store.ID(token))
			heard := watch
			if row.shared {
				heard, _ = listenTo(t, other, store.ID(token))
			}
			put(core)
			put(other)
			for range pool.Stats().IdleCount + 1 {
				held := pool.Get() // leads to the old primary
				defer held.Close()
			}
			servers.swap(t)
			put(other) // is refused
			eventually(t, "nobody listens at the old primary", func() bool {
				put(core)
				clients, err := redis.String(do(t, servers.old.Addr, "CLIENT", "LIST", "TYPE", "PUBSUB"), nil)
				return err == nil && strings.TrimSpace(clients) == ""
			})
			eventually(t, "both nodes listen", func() bool { return core.Hears() && other.Hears() })
			drainEvents(heard)
			put(map[bool]*store.Core{true: core, false: other}[row.shared])
			select {
			case <-heard.Events():
			case <-time.After(5 * time.Second):
				t.Error("a change after the failover is not heard")
			}
		})
	}
}

// drainEvents takes what waits in a watch now.
func drainEvents(watch *store.Watch) {
	for {
		select {
		case <-watch.Events():
		case <-time.After(50 * time.Millisecond):
			return
		}
	}
}
