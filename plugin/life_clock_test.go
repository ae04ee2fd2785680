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
	events *hook
	conns  int
}

// clockStore fails on demand.
type clockStore struct {
	*store.Memory
	down *atomic.Bool
}

var errClock = errors.New("the store is down")

func (c clockStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if c.down.Load() {
		return nil, false, errClock
	}
	return c.Memory.Swap(ctx, key, change)
}

func (c clockStore) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	if c.down.Load() {
		return nil, time.Time{}, false, errClock
	}
	return c.Memory.Find(ctx, key)
}

func (c clockStore) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	if c.down.Load() {
		return false, errClock
	}
	return c.Memory.Touch(ctx, key, life)
}

func (c clockStore) Probe(ctx context.Context, keys []string) ([][]byte, error) {
	if c.down.Load() {
		return nil, errClock
	}
	return c.Memory.Probe(ctx, keys)
}

// onClock runs a test in a bubble with a node.
func onClock(t *testing.T, options Options, idle, lifetime time.Duration, test func(n *clockNode)) {
	t.Helper()
	manager := scs.New() // it starts a goroutine for ever, so outside
	manager.IdleTimeout, manager.Lifetime = idle, lifetime
	memory := clockStore{store.NewMemory(), new(atomic.Bool)}
	store.Attach(manager, memory, store.Options{})
	server := socketio.NewServer(nil)
	options.Logger, options.OnError = slog.New(slog.DiscardHandler), func(Failure) {}
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

// told is when a client was told of the end, and why it came.
type told struct {
	at   time.Time
	code string
}

// clockConn notes what it is sent and when.
type clockConn struct {
	benchConn
	id      string
	address url.URL
	mu      sync.Mutex
	sent    map[string][]time.Time // by event
	over    chan told
}

func (c *clockConn) ID() string   { return c.id }
func (c *clockConn) URL() url.URL { return c.address }

func (c *clockConn) Emit(event string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[event] = append(c.sent[event], time.Now())
	if event == "sinvalid" {
		c.over <- told{time.Now().Add(-packetWait), args[0].(*Refusal).Code}
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
	token := n.login()
	return n.enterWith(token, query), token
}

func (n *clockNode) login() string {
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
	return token
}

func (n *clockNode) enterWith(token, query string) *clockConn {
	n.Helper()
	n.conns++
	c := &clockConn{id: fmt.Sprint("c", n.conns), sent: make(map[string][]time.Time), over: make(chan told, 1)}
	c.cookie = "session=" + token
	c.address = url.URL{Path: "/socket.io/", RawQuery: query}
	if err := n.events.enter(c); err != nil {
		n.Fatal(err)
	}
	return c
}

// event lets the client send one.
func (n *clockNode) event(c *clockConn, f func(s *Session)) {
	n.Helper()
	if why := n.events.dispatch(n.events.find(c.ID()), n.events.settings, func(s *Session) error { f(s); return nil }); why != nil {
		n.Errorf("an event got %s", why.Code)
	}
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

// ended waits for the end of a socket and returns when it was told.
func (n *clockNode) ended(c *clockConn, code string, within time.Duration) (at time.Time) {
	n.Helper()
	select {
	case end := <-c.over:
		if end.code != code {
			n.Errorf("told %q, want %q", end.code, code)
		}
		at = end.at
	case <-time.After(within):
		n.Fatalf("not told within %v", within)
	}
	return at
}

// The cookie is fetched anew at most ten times in an idle timeout, by one of the
// sockets that are used; where there is no script, and where the cookie or the
// session does not die of idling, never.
func TestCookieIsInTime(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, row := range []struct {
		name        string
		persist     bool
		query       string
		idle        time.Duration
		least, most int
	}{
		{"persistent", true, scriptQuery + "=1", hour, 15, 20},
		{"of the browser's session", false, scriptQuery + "=1", hour, 0, 0},
		{"without the script", true, "", hour, 0, 0},
		{"without an idle timeout", true, scriptQuery + "=1", 0, 0, 0},
	} {
		onClock(t, Options{}, row.idle, 100*hour, func(n *clockNode) {
			n.manager.Cookie.Persist = row.persist
			token := n.login()
			conns := []*clockConn{n.enterWith(token, row.query), n.enterWith(token, row.query)}
			for i := range 100 {
				pass(hour / 50)
				n.event(conns[i%2], func(*Session) {})
			}
			told := len(conns[0].got(claimEvent)) + len(conns[1].got(claimEvent))
			if told < row.least || told > row.most {
				t.Errorf("%s: told %d times in two hours", row.name, told)
			}
		})
	}
}
