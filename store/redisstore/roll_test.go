package redisstore_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// rollKey returns the only roll in Redis, "" if there is none.
func rollKey(t *testing.T, server *storetest.RedisServer) string {
	t.Helper()
	keys, err := redis.Strings(do(t, server.Addr, "KEYS", "*:roll:*"), nil)
	if err != nil || len(keys) > 1 {
		t.Fatalf("rolls %q, error %v", keys, err)
	}
	if len(keys) == 0 {
		return ""
	}
	return keys[0]
}

// callsOf returns how often Redis executed each command, in scripts too.
func callsOf(t *testing.T, server *storetest.RedisServer) map[string]int {
	t.Helper()
	calls := make(map[string]int)
	for _, m := range regexp.MustCompile(`cmdstat_(\S+):calls=(\d+)`).FindAllStringSubmatch(statsOf(t, server), -1) {
		calls[m[1]], _ = strconv.Atoi(m[2])
	}
	return calls
}

// A login costs Redis no further command than one that bounds how many sessions there are,
// and no other commit costs any. Of these none writes to a roll.
func TestRollCosts(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	pool := server.Pool()
	plain := &usersNode{SessionManager: scs.New()}
	plain.sessions = store.Attach(plain.SessionManager, redisstore.New(pool), store.Options{})
	users := newUsersNode(redisstore.New(pool), store.Options{})
	bounded := newUsersNode(redisstore.New(pool), store.Options{MaxSessionsPerUser: 1000})
	const logins, commits = 10, 10
	costs := func(n *usersNode) (login, commit, logout int, writes map[string]int) {
		t.Helper()
		for range 2 { // at first Redis does not know the scripts
			sent := func() int {
				calls := callsOf(t, server)
				return calls["evalsha"] + calls["eval"] + calls["mget"] // each GET and PTTL in a script counts, too
			}
			start := sent()
			tokens := make([]string, logins)
			for i := range tokens {
				tokens[i] = n.renew(t, n.put(t, "", "cart", 1), "ann")
			}
			loggedIn, before := sent(), callsOf(t, server)
			for i := range commits {
				for _, token := range tokens {
					n.put(t, token, "n", i)
				}
			}
			committed := sent()
			writes = callsOf(t, server)
			for name := range writes {
				writes[name] -= before[name]
			}
			for _, token := range tokens {
				n.logout(t, token)
			}
			login, commit, logout = (loggedIn-start)/logins, (committed-loggedIn)/logins/commits, (sent()-committed)/logins
		}
		return login, commit, logout, writes
	}
	login, commit, logout, _ := costs(plain)
	if login != 3 || commit != 1 || logout != 1 { // create, delete and create; swap; delete
		t.Fatalf("without users: login %d, commit %d, logout %d", login, commit, logout)
	}
	for name, row := range map[string]struct {
		node  *usersNode
		login int
	}{"users": {users, login}, "bounded": {bounded, login + 1}} {
		l, c, o, writes := costs(row.node)
		if l != row.login || c != commit || o != logout+1 {
			t.Errorf("%s: login %d, commit %d, logout %d", name, l, c, o)
		}
		for _, write := range []string{"hset", "hdel", "hincrby", "del", "pexpireat"} {
			if writes[write] > 0 {
				t.Errorf("%s: commits call %s %d times", name, write, writes[write])
			}
		}
		if writes["set"] != logins*commits {
			t.Errorf("%s: commits set %d keys", name, writes["set"])
		}
	}
}

// The roll of a user who logs in and out again and again has what lives and a handful more.
func TestRollStaysSmall(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	n := newUsersNode(redisstore.New(server.Pool()), store.Options{})
	for range 5 {
		n.login(t, "ann")
	}
	for i := range quickly(1000, 10_000) {
		token := n.renew(t, n.put(t, "", "cart", 1), "ann")
		switch i % 3 {
		case 0:
			n.logout(t, token)
		case 1:
			n.renew(t, token, "")
		case 2:
			ctx := n.load(t, token)
			n.Remove(ctx, "user")
			n.commit(t, ctx)
		}
	}
	size, err := redis.Int(do(t, server.Addr, "HLEN", rollKey(t, server)), nil)
	if err != nil || size > 5+1 {
		t.Errorf("the roll has %d fields, error %v", size, err)
	}
	if ended, err := n.sessions.EndUser(t.Context(), "ann"); ended != 5 || err != nil {
		t.Errorf("ended %d, error %v", ended, err)
	}
	if key := rollKey(t, server); key != "" {
		t.Errorf("there is still %s", key)
	}
}

// What nobody takes off leaves when somebody reads it, or logs in, a minute after it was
// first found absent; and the roll itself goes after the last deadline.
func TestRollForgets(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	n := newUsersNode(redisstore.New(server.Pool()), store.Options{})
	read := func() {
		t.Helper()
		if _, err := n.sessions.SessionsOf(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
	}
	for name, look := range map[string]func(){"read": read, "log in": func() { n.login(t, "ann") }} {
		token := n.login(t, "ann")
		key, member := rollKey(t, server), n.sessions.Core().Key(token)
		do(t, server.Addr, "DEL", "scs:session:"+member) // as Redis does when it expires
		record := func() string {
			t.Helper()
			record, _ := redis.String(do(t, server.Addr, "HGET", key, member), nil)
			return record
		}
		age := func(by time.Duration) {
			t.Helper()
			fields := strings.Fields(record())
			absent, err := strconv.ParseInt(fields[4], 10, 64)
			if err != nil || absent == 0 {
				t.Fatalf("%s: the entry is %q", name, fields)
			}
			fields[4] = fmt.Sprint(absent - by.Milliseconds())
			do(t, server.Addr, "HSET", key, member, strings.Join(fields, " "))
		}
		look()
		age(store.RollPatience / 2)
		look()
		age(store.RollPatience/2 + time.Second)
		look()
		if got := record(); got != "" {
			t.Errorf("%s: the entry is still there: %q", name, got)
		}
		for _, info := range must(n.sessions.SessionsOf(t.Context(), "ann")) {
			if err := n.sessions.EndID(t.Context(), "ann", info.ID); err != nil {
				t.Error(err)
			}
		}
	}
	ctx := n.load(t, n.login(t, "ann"))
	key := rollKey(t, server)
	for _, life := range []time.Duration{n.Lifetime, 30 * 24 * time.Hour} {
		left, err := redis.Int64(do(t, server.Addr, "PTTL", key), nil)
		if off := time.Duration(left)*time.Millisecond - life - 2*store.RollPatience; err != nil || off.Abs() > time.Minute {
			t.Errorf("the roll lives %v longer than it should, error %v", off, err)
		}
		n.SetDeadline(ctx, time.Now().Add(30*24*time.Hour))
		n.commit(t, ctx)
	}
}

func must[T any](found T, err error) T {
	if err != nil {
		panic(err)
	}
	return found
}

// Outside the sessions' own keys there is no token, and no name of a user, whatever is there.
func TestRollTellsNoSecrets(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	n := newUsersNode(redisstore.New(server.Pool()), store.Options{MaxSessionsPerUser: 3})
	const user = "ann.of.the.acme.tenant"
	var tokens []string
	for range 4 {
		tokens = append(tokens, n.renew(t, n.login(t, user), user))
	}
	if _, err := n.sessions.SessionsOf(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	rolls := 0
	for _, key := range must(redis.Strings(do(t, server.Addr, "KEYS", "*"), nil)) {
		what := key
		if !strings.HasPrefix(key, "scs:session:") {
			rolls++
			what += fmt.Sprint(must(redis.Strings(do(t, server.Addr, "HGETALL", key), nil)))
			what += string(must(redis.Bytes(do(t, server.Addr, "DUMP", key), nil)))
		}
		for _, secret := range append(tokens, user) {
			if strings.Contains(what, secret) {
				t.Errorf("%q tells %q", what, secret)
			}
		}
	}
	if rolls != 1 {
		t.Errorf("there are %d other keys", rolls)
	}
}

// When the answer to a login, a renewal or an end is lost, it is made once, and counts.
func TestUsersLostAnswers(t *testing.T) {
	t.Parallel()
	m := newMirage(t, storetest.Redis(t).Addr)
	pool := m.pool()
	defer pool.Close()
	backend := redisstore.New(pool)
	n := newUsersNode(backend, store.Options{})
	for range 2 { // at first Redis does not know the scripts
		ctx := n.load(t, "")
		n.Put(ctx, "user", "ann")
		m.drop.Store(1)
		ctx = n.load(t, n.commit(t, ctx))
		if err := n.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		m.drop.Store(1)
		key := n.sessions.Core().Key(n.commit(t, ctx))
		entries, err := backend.Entries(t.Context(), "ann")
		if err != nil || len(entries) != 1 || entries[0].Key != key {
			t.Errorf("on the roll are %v, error %v", entries, err)
		}
		b, _, _, err := backend.Find(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		m.drop.Store(1)
		if current, ok, err := backend.End(t.Context(), "ann", key, b, store.Note{}); !ok || err != nil {
			t.Errorf("end: %q, %v, %v", current, ok, err)
		}
		n.login(t, "ann")
		m.drop.Store(1)
		if ended, err := n.sessions.EndUser(t.Context(), "ann"); ended != 1 || err != nil {
			t.Errorf("ended %d, error %v", ended, err)
		}
	}
	if got := m.dropped.Load(); got != 8 {
		t.Errorf("%d answers were lost", got)
	}
}
