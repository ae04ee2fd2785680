package redisstore_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// A refuser dials connections whose next write, once, is answered with an error: no
// server gets it.
type refuser struct{ next atomic.Pointer[string] }

func (r *refuser) dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	return &refusing{Conn: conn, by: r}, err
}

// A refusing is one of those connections. It is read and written by one goroutine.
type refusing struct {
	net.Conn
	by      *refuser
	answers bytes.Buffer
}

func (c *refusing) Write(b []byte) (int, error) {
	why := c.by.next.Swap(nil)
	if why == nil {
		return c.Conn.Write(b)
	}
	c.answers.WriteString(strings.Repeat("-"+*why+"\r\n", countCommands(b)))
	return len(b), nil
}

func (c *refusing) Read(b []byte) (int, error) {
	if c.answers.Len() > 0 {
		return c.answers.Read(b)
	}
	return c.Conn.Read(b)
}

// countCommands counts the commands in a whole write.
func countCommands(b []byte) (n int) {
	line := func() int {
		end := bytes.IndexByte(b, '\r')
		size, _ := strconv.Atoi(string(b[1:end]))
		b = b[end+2:]
		return size
	}
	for ; len(b) > 0; n++ {
		for words := line(); words > 0; words-- {
			size := line() // b has changed when it is cut
			b = b[size+2:]
		}
	}
	return n
}

// What a server refuses since it is no primary, or loads its data, is made on another
// connection, and made once. Other errors are the caller's.
func TestRefused(t *testing.T) {
	t.Parallel()
	server, refuser := storetest.Redis(t), &refuser{}
	pool := &redis.Pool{MaxIdle: 4, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", server.Addr, redis.DialNetDial(refuser.dial))
	}}
	defer pool.Close()
	core, token := newCounter(t, redisstore.New(pool))
	increment := addOne
	calls := map[string]func() error{
		"load":   func() error { _, _, _, err := core.Load(t.Context(), token, nil); return err },
		"probe":  func() error { _, err := core.Probe(t.Context(), []string{token}); return err },
		"touch":  func() error { return core.Touch(t.Context(), token, time.Now().Add(time.Hour), time.Now()) },
		"say":    func() error { return core.Say(t.Context(), nil, store.ID(token), []byte(`1`)) },
		"update": func() error { return swap(t, core, refuser, token, true, increment) },
		"put":    func() error { return swap(t, core, refuser, token, false, increment) },
		"end":    func() error { return core.End(t.Context(), store.ID("another")) },
	}
	elsewhere := []string{
		"READONLY You can't write against a read only replica.",
		"LOADING Redis is loading the dataset in memory",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"ERR Error running script (call to f_0): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.",
	}
	for name, call := range calls {
		for _, why := range elsewhere {
			refuser.next.Store(&why)
			if err := call(); err != nil {
				t.Errorf("%s, refused with %s: %v", name, why, err)
			}
			if refuser.next.Load() != nil {
				t.Errorf("%s was not refused", name)
			}
		}
		why := "OOM command not allowed when used memory > 'maxmemory'."
		refuser.next.Store(&why)
		if err := call(); err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Errorf("%s, refused with %s: %v", name, why, err)
		}
	}
	if n := counted(t, core, token, "n"); n != int64(2*len(elsewhere)) {
		t.Errorf("counted %d", n)
	}
}

// swap is change with nothing but the swap refused.
func swap(t *testing.T, core *store.Core, refuser *refuser, key string, once bool, by func(map[string]any)) error {
	t.Helper()
	why := refuser.next.Swap(nil)
	return change(t.Context(), core, key, once, func(values map[string]any) {
		by(values)
		refuser.next.Store(why)
	})
}

// When the answer to a delete is lost, a logout is done; a renewal and the use of a ticket
// are done or fail, and nothing is said to have been gone before.
func TestLostLastBytes(t *testing.T) {
	t.Parallel()
	m := newMirage(t, storetest.Redis(t).Addr)
	pool := m.pool()
	defer pool.Close()
	manager := scs.New()
	core := store.Attach(manager, redisstore.New(pool), store.Options{}).Core()
	start := func() (ctx context.Context, token string) {
		t.Helper()
		ctx, err := manager.Load(store.Begin(t.Context()), "")
		if err != nil {
			t.Fatal(err)
		}
		manager.Put(ctx, "n", 1)
		if token, _, err = manager.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		if ctx, err = manager.Load(store.Begin(t.Context()), token); err != nil {
			t.Fatal(err)
		}
		return ctx, token
	}
	lose := func() { m.drop.Store(1) }
	for range 2 { // at first Redis does not know the script
		_, token := start()
		lose()
		if err := core.End(t.Context(), token); err != nil {
			t.Errorf("logout: %v", err)
		}
		if _, _, ok, err := core.Load(t.Context(), token, nil); ok || err != nil {
			t.Errorf("after the logout: %v, %v", ok, err)
		}

		ctx, _ := start()
		lose()
		err := manager.RenewToken(ctx)
		if err == nil {
			_, _, err = manager.Commit(ctx)
		}
		if errors.Is(err, store.ErrGone) {
			t.Errorf("a renewal: %v", err)
		}

		if err := core.Deposit(t.Context(), "ticket", []byte("value"), time.Minute); err != nil {
			t.Fatal(err)
		}
		lose()
		value, ok, err := core.Withdraw(t.Context(), "ticket")
		if err == nil && string(value) != "value" {
			t.Errorf("a ticket: %q, %v", value, ok)
		}
		if value, ok, err := core.Withdraw(t.Context(), "ticket"); ok || err != nil {
			t.Errorf("a ticket that was used: %q, %v, %v", value, ok, err)
		}
	}
	if n := m.dropped.Load(); n != 6 {
		t.Errorf("%d answers were lost", n)
	}
}
