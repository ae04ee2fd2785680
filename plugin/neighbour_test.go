package plugin_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// A bog is what one session gets stuck in: a step of the codec or the store that
// does not return until the test says so.
type bog struct {
	op    atomic.Pointer[string] // which step; nil for none
	stuck chan struct{}          // gets a value when somebody is
	free  chan struct{}
}

func newBog() *bog { return &bog{stuck: make(chan struct{}, 1000), free: make(chan struct{})} }

func (b *bog) wade(op string) {
	if at := b.op.Load(); at == nil || *at != op {
		return
	}
	b.stuck <- struct{}{}
	<-b.free
}

// bogCodec gets stuck with sessions that hold "slow".
type bogCodec struct {
	scs.Codec
	bog *bog
}

func (c bogCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	if values["slow"] != nil {
		c.bog.wade("encode")
	}
	return c.Codec.Encode(deadline, values)
}

func (c bogCodec) Decode(b []byte) (time.Time, map[string]any, error) {
	deadline, values, err := c.Codec.Decode(b)
	if values["slow"] != nil {
		c.bog.wade("decode")
	}
	return deadline, values, err
}

// bogStore gets stuck with one session.
type bogStore struct {
	shared
	bog *bog
	key atomic.Pointer[string]
}

func (s *bogStore) wade(op, key string) {
	if slow := s.key.Load(); slow != nil && *slow == key {
		s.bog.wade(op)
	}
}

func (s *bogStore) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	s.wade("find", key)
	return s.shared.Find(ctx, key)
}

func (s *bogStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	s.wade("swap", key)
	return s.shared.Swap(ctx, key, change)
}

func (s *bogStore) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	s.wade("touch", key)
	return s.shared.Touch(ctx, key, life)
}

func (s *bogStore) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	s.wade("delete", key)
	return s.shared.Delete(ctx, key, note)
}

// Invariant 11: while one session is stuck in its codec or store, whatever its
// sockets, goroutines and requests try, another session's events, changes and
// logout go on, and new clients get in.
func TestStuckSession(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"encode", "decode", "find", "swap", "touch", "delete"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			scopes(t, func(t *testing.T, options plugin.Options) {
				backends(t, stuckSession(op, options))
			})
		})
	}
}

func stuckSession(op string, options plugin.Options) func(*testing.T, shared) {
	return func(t *testing.T, under shared) {
		b := newBog()
		backend := &bogStore{shared: under, bog: b}
		options := options
		options.FlushInterval, options.ProbeInterval = time.Millisecond, 5*time.Millisecond
		sessions := make(chan *plugin.Session, 1)
		a := newApp(t, backend, options, func(a *app) {
			a.manager.IdleTimeout = time.Hour
			a.manager.Codec = bogCodec{a.manager.Codec, b}
			register(a)
			a.sessions.Protect("/")
			a.server.OnEvent("/", "raw-get", func(c socketio.Conn, key string) any {
				return a.manager.Get(a.sessions.Session(c), key)
			})
			a.sessions.OnEvent("/", "keep", func(_ socketio.Conn, s *plugin.Session) bool { sessions <- s; return true }, plugin.PerConnection)
		})
		cookie, other := a.login("alice"), a.login("bob")
		a.get(cookie, "/put?slow=1")
		key := tokenIn(cookie)
		backend.key.Store(&key)
		c, c2, c3, bob := a.enter(cookie), a.enter(cookie), a.enter(cookie), a.enter(other)

		var all sync.WaitGroup
		defer all.Wait()
		defer close(b.free)
		if op == "touch" { // at the first use, unless a save does it
			b.op.Store(&op)
			c.send(`421["keep"]`)
		} else {
			c.ask(`["keep"]`)
			s := recv(t, "the session", sessions)
			b.op.Store(&op)
			c.send(`421["put","k","w"]`)
			c2.send(`421["raw-get","user"]`)
			for range 8 {
				all.Go(func() {
					a.manager.Put(s, "k", "v")
					_, _, _ = a.manager.Commit(s)
					_ = s.Save()
					_ = s.Reload() // a commit finds nothing, unless it lost
				})
			}
		}
		if op == "delete" {
			c3.send(`421["destroy"]`)
		} else {
			c3.HangUp()
		}
		recv(t, "somebody is stuck", b.stuck)
		all.Go(func() { _, _ = a.request("GET", a.url+"/put?http=1", withCookie(cookie), "") })
		all.Go(func() { a.dial(cookie) })

		if got := bob.ask(`["put","k","v"]`); got != `[true]` {
			t.Errorf("bob's event got %s", got)
		}
		a.get(other, "/put?http=1")
		eventually(t, "bob's socket sees it", func() bool { return bob.ask(`["get","http"]`) == `["1"]` })
		if got := a.enter(a.login("carol")).ask(`["get","user"]`); got != `["carol"]` {
			t.Errorf("carol's event got %s", got)
		}
		a.get(other, "/destroy")
		if got := bob.farewells(); got != "!destroyed" {
			t.Errorf("bob heard %q of his logout", got)
		}
	}
}
