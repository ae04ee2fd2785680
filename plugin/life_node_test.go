package plugin_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// shared is a backend of several nodes.
type shared interface {
	store.Backend
	store.Teller
	store.Speaker
	store.Prober
	store.Lister
}

// link is one node's way to the backend that it shares. It can be cut, and lose
// the news.
type link struct {
	shared
	cut, deaf atomic.Bool
	found     atomic.Pointer[func()] // runs after a Find has read, before it returns

	mu    sync.Mutex
	calls map[string]int
}

func newLink(b shared) *link { return &link{shared: b, calls: make(map[string]int)} }

func (l *link) call(op string) error {
	l.mu.Lock()
	l.calls[op]++
	l.mu.Unlock()
	if l.cut.Load() {
		return errDown
	}
	return nil
}

func (l *link) count(op string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[op]
}

// fail cuts the link off, or heals it.
func (l *link) fail(down bool) {
	l.cut.Store(down)
	l.deaf.Store(down)
}

func (l *link) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	if err := l.call("find"); err != nil {
		return nil, time.Time{}, false, err
	}
	b, expiry, ok, err := l.shared.Find(ctx, key)
	if f := l.found.Load(); f != nil {
		(*f)()
	}
	return b, expiry, ok, err
}

func (l *link) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	if err := l.call("swap"); err != nil {
		return nil, false, err
	}
	return l.shared.Swap(ctx, key, change)
}

func (l *link) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	if err := l.call("touch"); err != nil {
		return false, err
	}
	return l.shared.Touch(ctx, key, life)
}

func (l *link) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	if err := l.call("delete"); err != nil {
		return nil, err
	}
	return l.shared.Delete(ctx, key, note)
}

func (l *link) Say(ctx context.Context, note store.Note) error {
	if err := l.call("say"); err != nil {
		return err
	}
	return l.shared.Say(ctx, note)
}

func (l *link) Probe(ctx context.Context, keys []string) ([][]byte, error) {
	if err := l.call("probe"); err != nil {
		return nil, err
	}
	return l.shared.Probe(ctx, keys)
}

func (l *link) Listen(hear func(store.Note)) store.Line {
	return l.shared.Listen(func(note store.Note) {
		if !l.deaf.Load() {
			hear(note)
		}
	})
}

func (l *link) Hear(hear func(store.Note)) store.Line {
	return l.shared.Hear(func(note store.Note) {
		if !l.deaf.Load() {
			hear(note)
		}
	})
}

// node is an app and its link.
type node struct {
	*app
	link *link
}

// newNodes serves n apps, each a node of its own on one backend.
func newNodes(t *testing.T, n int, b shared, options plugin.Options, setup func(*app)) []node {
	t.Helper()
	nodes := make([]node, n)
	for i := range nodes {
		l := newLink(b)
		nodes[i] = node{newApp(t, l, options, setup), l}
	}
	return nodes
}

// backends runs a test in memory and on a Redis.
func backends(t *testing.T, test func(t *testing.T, b shared)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, store.NewMemory())
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, redisstore.New(storetest.Redis(t).Pool()))
	})
}

func tokenIn(cookie string) string {
	_, token, _ := strings.Cut(cookie, "=")
	return token
}

func idOf(cookie string) string { return store.ID(tokenIn(cookie)) }

// change does what a request would do, with all that SCS offers.
func (a *app) change(cookie string, f func(ctx context.Context)) {
	a.Helper()
	ctx, err := a.manager.Load(store.Begin(a.Context()), tokenIn(cookie))
	if err != nil {
		a.Fatal(err)
	}
	f(ctx)
	if _, _, err := a.manager.Commit(ctx); err != nil {
		a.Fatal(err)
	}
}

// goodbye reads until the server has hung up, and returns the reasons that came,
// by namespace.
func (c *client) farewells() string {
	c.Helper()
	var all []string
	for got := c.read(); got != "closed"; got = c.read() {
		head, data, is := strings.Cut(got, `["sinvalid",{"code":"`)
		if !is {
			continue
		}
		code, _, _ := strings.Cut(data, `"`)
		namespace := strings.TrimSuffix(strings.TrimPrefix(head, "42"), ",")
		all = append(all, namespace+"!"+code)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// skipTo reads until a packet comes.
func (c *client) skipTo(packet string) {
	c.Helper()
	for got := c.read(); got != packet; got = c.read() {
		if got == "closed" {
			c.Fatalf("closed before %s", packet)
		}
	}
}

// in enters a further namespace.
func (c *client) in(namespace string) *client {
	c.Helper()
	c.send("40" + prefix(namespace))
	c.enters(namespace)
	c.admitted(namespace)
	return c
}

// still makes sure that a client has heard nothing but what it asks for.
func (c *client) still(user string) {
	c.Helper()
	if got := c.ask(`["get","user"]`); got != `["`+user+`"]` {
		c.Errorf("%s got %s", user, got)
	}
}

// tell notes, by user, who is invalid and who has left.
func (l *ledger) tell(a *app, namespace string) {
	users := new(sync.Map) // by connection
	a.sessions.OnConnect(namespace, func(c socketio.Conn, s *plugin.Session) error {
		users.Store(c.ID(), a.manager.GetString(s, "user"))
		l.entered.Add(1)
		return nil
	})
	user := func(c socketio.Conn) string { name, _ := users.Load(c.ID()); return name.(string) }
	a.sessions.OnInvalid(namespace, func(c socketio.Conn, why *plugin.Refusal) { l.add("!" + user(c) + namespace + ":" + why.Code) })
	a.sessions.OnDisconnect(namespace, func(c socketio.Conn, s *plugin.Session, reason string) {
		l.add("-" + user(c) + namespace + ":" + reason)
		select {
		case <-s.Done():
		default:
			if reason != "transport close" {
				l.add("alive")
			}
		}
	})
}
