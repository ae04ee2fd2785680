package redisstore_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	plainredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// rules returns the rights of README's ACL line.
func rules(t *testing.T) []any {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?s)ACL (SETUSER .*?[^\\])\n`).FindString(string(page))
	var args []any
	for _, word := range strings.Fields(strings.ReplaceAll(line, `\`, " "))[1:] {
		args = append(args, word)
	}
	return args
}

// asApp returns a pool of README's user.
func asApp(t *testing.T, server *storetest.RedisServer) *redis.Pool {
	t.Helper()
	pool := &redis.Pool{MaxIdle: 8, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", server.Addr, redis.DialUsername("app"), redis.DialPassword("password"), redis.DialReadTimeout(5*time.Second))
	}}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

// A complaints is a log.
type complaints struct {
	mu   sync.Mutex
	text strings.Builder
}

func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(p)
}

func (c *complaints) lines() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Split(strings.TrimSpace(c.text.String()), "\n")
}

// What a backend keeps lies where README says, and Check needs no further rights.
func TestPlaces(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	do(t, server.Addr, "ACL", rules(t)...)
	if err := redisstore.New(asApp(t, server)).Check(t.Context()); err != nil {
		t.Error(err)
	}
	core, _ := newCounter(t, redisstore.New(asApp(t, server)))
	if err := core.Deposit(t.Context(), "name", []byte("value"), time.Minute); err != nil {
		t.Fatal(err)
	}
	keys, err := redis.Strings(do(t, server.Addr, "KEYS", "*"), nil)
	if err != nil {
		t.Fatal(err)
	}
	once := 0
	for _, key := range keys {
		switch {
		case strings.HasPrefix(key, "socketio:scs:session:once:"):
			once++
		case !strings.HasPrefix(key, "scs:session:"):
			t.Errorf("there is a key %q", key)
		}
	}
	if once == 0 {
		t.Error("there is no deposit")
	}
	plain := scs.New()
	plain.Store = plainredis.New(server.Pool())
	if err := plain.Iterate(t.Context(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("a node with SCS's redisstore: %v", err)
	}
}

// README's line has the right to each command that is used, and to no other.
func TestRightsAreExact(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	do(t, server.Addr, "ACL", rules(t)...)
	pool := asApp(t, server)
	backend := redisstore.New(pool)
	core, token := newCounter(t, backend)
	watch, listener := listenTo(t, core, store.ID(token))
	watch.Follow(store.ID("another"))
	watch.Unfollow(store.ID("another"))
	for range 2 { // the second time Redis knows the scripts
		for name, err := range map[string]error{
			"check":   backend.Check(t.Context()),
			"touch":   core.Touch(t.Context(), token, time.Now().Add(time.Hour), time.Now()),
			"say":     core.Say(t.Context(), nil, store.ID(token), []byte(`1`)),
			"deposit": core.Deposit(t.Context(), "name", []byte("value"), time.Minute),
			"change":  change(t.Context(), core, token, true, func(values map[string]any) { values["n"] = 2 }),
			"end":     core.End(t.Context(), "another"),
		} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := backend.All(t.Context()); err != nil {
			t.Error(err)
		}
		if found, err := core.Probe(t.Context(), []string{token}); err != nil || found[0] == nil {
			t.Errorf("probe: %q, %v", found, err)
		}
		useRolls(t, backend)
	}
	conn := pool.Get() // what TestOnBorrow does
	defer conn.Close()
	if _, err := conn.Do("PING"); err != nil {
		t.Error(err)
	}
	watch.Close()
	listener.Close()
	eventually(t, "both lines are closed", func() bool {
		stats := pool.Stats()
		return stats.ActiveCount == stats.IdleCount+1
	})
	if refused, err := redis.Values(do(t, server.Addr, "ACL", "LOG"), nil); err != nil || len(refused) > 0 {
		t.Errorf("Redis has refused %q, %v", refused, err)
	}
	stats := statsOf(t, server)
	for _, rule := range rules(t) {
		if name, ok := strings.CutPrefix(rule.(string), "+"); ok && !strings.Contains(stats, "cmdstat_"+name+":") {
			t.Errorf("nothing needs %s", name)
		}
	}
}

// useRolls does all that touches the roll of a user.
func useRolls(t *testing.T, backend store.Backend) {
	t.Helper()
	n := newUsersNode(backend, store.Options{MaxSessionsPerUser: 1})
	for range 3 {
		n.renew(t, n.login(t, "ann"), "bob")
		n.put(t, n.renew(t, n.login(t, "bob"), "bob"), "cart", 1)
	}
	if all, err := n.sessions.SessionsOf(t.Context(), "bob"); len(all) != 1 || err != nil {
		t.Errorf("sessions: %v, %v", all, err)
	}
	if ended, err := n.sessions.EndUser(t.Context(), "bob"); ended != 1 || err != nil {
		t.Errorf("ended: %d, %v", ended, err)
	}
}

// Without the right to channels all is written and answered as written. The node knows
// that it hears nothing, and says so once.
func TestNoChannels(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	do(t, server.Addr, "ACL", append(rules(t), "resetchannels")...)
	log := &complaints{}
	manager := scs.New()
	attached := store.Attach(manager, redisstore.New(asApp(t, server)), store.Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	core := attached.Core()
	watch := core.Watch()
	defer watch.Close()
	for range 3 {
		ctx, err := manager.Load(context.WithoutCancel(t.Context()), "")
		if err != nil {
			t.Fatal(err)
		}
		manager.Put(ctx, "n", 0)
		token, _, err := manager.Commit(ctx)
		if err != nil {
			t.Fatalf("a first commit: %v", err)
		}
		watch.Follow(store.ID(token))
		if err := change(t.Context(), core, token, true, func(values map[string]any) { values["n"] = 1 }); err != nil {
			t.Errorf("a change: %v", err)
		}
		if n := counted(t, core, token, "n"); n != 1 {
			t.Errorf("n is %d", n)
		}
		if err := core.End(t.Context(), token); err != nil {
			t.Errorf("a logout: %v", err)
		}
		if _, _, ok, err := core.Load(t.Context(), token, nil); ok || err != nil {
			t.Errorf("the session is there still: %v, %v", ok, err)
		}
	}
	if err := core.Say(t.Context(), nil, store.ID("token"), json.RawMessage("1")); err == nil {
		t.Error("what was said was refused, and nobody knows")
	}
	eventually(t, "both are said", func() bool { return len(log.lines()) >= 2 })
	if lines := log.lines(); len(lines) != 2 || strings.Contains(lines[0], "logout elsewhere") == strings.Contains(lines[1], "logout elsewhere") {
		t.Errorf("the log says:\n%s", strings.Join(lines, "\n"))
	}
	if core.Hears() {
		t.Error("it claims to hear")
	}
}
