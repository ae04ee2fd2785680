package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// The tests of this file play on a clock of their own: the times of a session's
// life are right to the moment.

// clockNode is a node without a network.
type clockNode struct {
	*testing.T
	*Sessions
	memory clockStore
	events *namespace
	conns  int
}

// clockStore counts, and fails on demand.
type clockStore struct {
	*store.Memory
	down    *atomic.Bool
	touches *atomic.Int32
}

var errClock = errors.New("the store is down")

func (c clockStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if c.down.Load() {
		return nil, false, errClock
	}
	return c.Memory.Swap(ctx, key, change)
}

func (c clockStore) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	c.touches.Add(1)
	return c.Memory.Touch(ctx, key, life)
}

// onClock runs a test in a bubble with a node.
func onClock(t *testing.T, options Options, idle, lifetime time.Duration, test func(n *clockNode)) {
	t.Helper()
	manager := scs.New() // it starts a goroutine for ever, so outside
	manager.IdleTimeout, manager.Lifetime = idle, lifetime
	memory := clockStore{store.NewMemory(), new(atomic.Bool), new(atomic.Int32)}
	store.Attach(manager, memory)
	server := socketio.NewServer(nil)
	options.Logger, options.OnError = slog.New(slog.DiscardHandler), func(string, string, error) {}
	synctest.Test(t, func(t *testing.T) {
		sessions, err := Enable(server, manager, options)
		if err != nil {
			t.Fatal(err)
		}
		n := &clockNode{T: t, Sessions: sessions, memory: memory, events: sessions.namespace("/")}
		defer func() { _ = sessions.Close(t.Context()) }()
		test(n)
	})
}

// clockConn notes what it is sent and when.
type clockConn struct {
	benchConn
	id      string
	address url.URL
	mu      sync.Mutex
	sent    map[string][]time.Time // by event
	over    chan time.Time         // gets when it was told of the end
}

func (c *clockConn) ID() string   { return c.id }
func (c *clockConn) URL() url.URL { return c.address }

func (c *clockConn) Emit(event string, _ ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[event] = append(c.sent[event], time.Now())
	if event == "sinvalid" {
		c.over <- time.Now().Add(-headstart)
	}
}

func (c *clockConn) got(event string) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[event]
}

// enter starts a session with a socket, and returns the token too.
func (n *clockNode) enter(query string) (*clockConn, string) {
	n.Helper()
	ctx, err := n.manager.Load(n.Context(), "")
	if err != nil {
		n.Fatal(err)
	}
	n.manager.Put(ctx, "user", "alice")
	token, _, err := n.manager.Commit(ctx)
	if err != nil {
		n.Fatal(err)
	}
	n.conns++
	c := &clockConn{id: fmt.Sprint("c", n.conns), sent: make(map[string][]time.Time), over: make(chan time.Time, 1)}
	c.cookie = "session=" + token
	c.address = url.URL{Path: "/socket.io/", RawQuery: query}
	if err := n.events.enter(c); err != nil {
		n.Fatal(err)
	}
	return c, token
}

// event lets the client send one.
func (n *clockNode) event(c *clockConn, f func(s *Session)) {
	n.Helper()
	if why := n.events.dispatch(c, n.events.settings, func(s *Session) error { f(s); return nil }); why != nil {
		n.Errorf("an event got %s", why.Code)
	}
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

// ended waits for the end of a socket and returns when it was told.
func (n *clockNode) ended(c *clockConn, within time.Duration) (at time.Time) {
	n.Helper()
	select {
	case at = <-c.over:
	case <-time.After(within):
		n.Fatalf("not told within %v", within)
	}
	return at
}

// A session that ends without any news is found by the probe within one
// interval, whenever it was heard of last.
func TestProbeIsInTime(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{0, time.Second} {
		onClock(t, Options{ProbeInterval: interval}, 0, 24*time.Hour, func(n *clockNode) {
			interval := n.options.ProbeInterval
			n.enter("") // the probe runs all the time
			for phase := range 100 {
				c, token := n.enter("")
				pass(interval * time.Duration(phase) / 40)
				n.event(c, func(s *Session) { _ = s.Reload() })
				if _, err := n.memory.Delete(t.Context(), token, store.Note{}); err != nil {
					t.Fatal(err)
				}
				from := time.Now()
				if took := n.ended(c, 2*interval).Sub(from); took > interval {
					t.Errorf("after %d/40 of the interval of %v it took %v", phase, interval, took)
				}
			}
		})
	}
}

// Sockets are told of the end at its time: of the lifetime, however it is used,
// and of the idle timeout after the last event, heard of by the store at most a
// tenth of it later.
func TestExpiryIsInTime(t *testing.T) {
	t.Parallel()
	const idle, lifetime = time.Hour, 10 * time.Hour
	for name, row := range map[string]struct {
		events int // one every half of the idle timeout
		want   time.Duration
	}{
		"not used": {0, idle}, "used": {5, 5*idle/2 + idle}, "used for ever": {100, lifetime},
	} {
		onClock(t, Options{}, idle, lifetime, func(n *clockNode) {
			from := time.Now()
			c, _ := n.enter("")
			for range row.events {
				pass(idle / 2)
				n.events.dispatch(c, n.events.settings, func(*Session) error { return nil }) // it may be over
			}
			took := n.ended(c, 2*lifetime).Sub(from)
			if took < row.want || took > row.want+10*time.Millisecond {
				t.Errorf("%s: told after %v, want %v", name, took, row.want)
			}
		})
	}
}

// KeepAlive touches ten times in an idle timeout, from the first moment on.
func TestKeepAliveIsInTime(t *testing.T) {
	t.Parallel()
	const idle = time.Hour
	onClock(t, Options{KeepAlive: true}, idle, 1000*time.Hour, func(n *clockNode) {
		c, token := n.enter("")
		pass(100*idle + idle/20)
		if touches := n.memory.touches.Load(); touches < 1000 || touches > 1001 {
			t.Errorf("%d touches in 100 idle timeouts", touches)
		}
		n.events.leave(c, reasonClosed)
		pass(idle - idle/10)
		if _, _, ok, _ := n.memory.Find(t.Context(), token); !ok {
			t.Error("it has expired too early")
		}
		pass(idle/10 + idle/20)
		if _, _, ok, _ := n.memory.Find(t.Context(), token); ok {
			t.Error("it has not expired")
		}
	})
}

// A change that could not be saved is saved within two seconds of the store's
// return, however long that was away and however seldom changes are saved.
func TestOutageIsOverInTime(t *testing.T) {
	t.Parallel()
	for _, down := range []StoreDown{Refuse, Keep} {
		for _, away := range []time.Duration{time.Second, time.Minute, time.Hour} {
			onClock(t, Options{StoreDown: down, FlushInterval: 10 * time.Second}, 0, 24*time.Hour, func(n *clockNode) {
				c, token := n.enter("")
				n.memory.down.Store(true)
				n.event(c, func(s *Session) { n.manager.Put(s, "k", "v"); go func() { _ = s.Save() }() })
				pass(n.options.FlushInterval + away)
				n.memory.down.Store(false)
				pass(2 * time.Second)
				found, _, _, err := n.store.Load(t.Context(), token, nil)
				if err != nil || found.Values["k"] != "v" {
					t.Errorf("StoreDown %v, away for %v: stored %v, %v", down, away, found.Values, err)
				}
			})
		}
	}
}

// The cookie is fetched anew at most ten times in an idle timeout, by one of the
// sockets that are used.
func TestCookieIsInTime(t *testing.T) {
	t.Parallel()
	const idle = time.Hour
	onClock(t, Options{}, idle, 100*time.Hour, func(n *clockNode) {
		n.manager.Cookie.Persist = true
		c, _ := n.enter(scriptQuery + "=1")
		for range 100 {
			pass(idle / 50)
			n.event(c, func(*Session) {})
		}
		if told := len(c.got(claimEvent)); told < 15 || told > 20 {
			t.Errorf("told %d times in two idle timeouts", told)
		}
	})
}
