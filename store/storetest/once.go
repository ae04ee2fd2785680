package storetest

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// once: a deposit goes to one caller of many, on any node and in time, and is no session.
func (s suite) once(t *testing.T) {
	t.Run("Withdraw", s.withdraw)
	t.Run("Race", s.withdrawRace)
	t.Run("Life", s.onceLife)
	t.Run("NoSession", s.onceNoSession)
}

func (s suite) withdraw(t *testing.T) {
	nodes := s.nodes(t, 2)
	name, other := key(), key()
	nodes[1].wantNothingAt(t, name)
	for _, value := range []string{"first", "sec\x00ond\xff", strings.Repeat("third", 1000)} { // a later one replaces an earlier one
		nodes[0].deposit(t, name, value, later)
	}
	nodes[0].deposit(t, other, "other", later)
	nodes[1].wantAt(t, name, strings.Repeat("third", 1000))
	for _, n := range nodes {
		n.wantNothingAt(t, name)
	}
	nodes[1].wantAt(t, other, "other")
	nodes[1].deposit(t, name, "again", later)
	nodes[0].wantAt(t, name, "again")
}

// withdrawRace: of many callers, one gets the deposit.
func (s suite) withdrawRace(t *testing.T) {
	nodes := s.nodes(t, 2)
	for range 10 {
		name := key()
		nodes[0].deposit(t, name, "one", later)
		var all sync.WaitGroup
		var got atomic.Int32
		for i := range 8 {
			all.Go(func() {
				_, ok, err := nodes[i%2].core.Withdraw(t.Context(), name)
				if err != nil {
					t.Error(err)
				}
				if ok {
					got.Add(1)
				}
			})
		}
		all.Wait()
		if n := got.Load(); n != 1 {
			t.Errorf("%d of 8 got it", n)
		}
	}
}

// onceLife: nobody gets a deposit whose time is over, even if it has replaced one with
// more time.
func (s suite) onceLife(t *testing.T) {
	n := s.node(t)
	short, replaced := key(), key()
	n.deposit(t, replaced, "old", later)
	for _, name := range []string{short, replaced} {
		n.deposit(t, name, "late", soon/10)
	}
	waitUntil(t, in(soon/10+10*time.Millisecond))
	for _, name := range []string{short, replaced} {
		n.wantNothingAt(t, name)
		n.deposit(t, name, "new", later)
		n.wantAt(t, name, "new")
	}
}

// onceNoSession: a cookie that names a deposit opens no session, even if the deposit has
// the bytes of one.
func (s suite) onceNoSession(t *testing.T) {
	b := s.open(t)
	n := s.nodeOn(b)
	login, err := n.core.Encode(in(later), values{"user": "mallory"})
	if err != nil {
		t.Fatal(err)
	}
	name := key()
	n.deposit(t, name, string(login.Bytes), later)
	cookies := []string{name, "once:" + name}
	if lister, ok := b.(store.Lister); ok && !s.has(NoList) {
		all, err := lister.All(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for key, b := range all {
			if string(b) == string(login.Bytes) {
				cookies = append(cookies, key)
			}
		}
	}
	for _, cookie := range cookies {
		n.wantNone(t, cookie)
		if _, _, ok, err := n.core.Load(t.Context(), cookie, nil); ok || err != nil {
			t.Errorf("Load of %q: ok %v, error %v", cookie, ok, err)
		}
		ctx := n.load(t, "")
		if err := n.MergeSession(ctx, cookie); err != nil {
			t.Fatal(err)
		}
		if got := n.values(ctx); len(got) > 0 {
			t.Errorf("MergeSession of %q brought %v", cookie, got)
		}
	}
	if !s.has(NoList) {
		all, err := n.store.AllCtx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for key, b := range all {
			if string(b) == string(login.Bytes) {
				t.Errorf("it is listed among the sessions, as %q", key)
			}
		}
	}
	n.wantAt(t, name, string(login.Bytes))
}

// probe: Probe returns what is under each key, and nothing where a session has ended,
// however that was.
func (s suite) probe(t *testing.T) {
	nodes := s.nodes(t, 2)
	var keys, ended []string
	add := func(token string) string { keys = append(keys, nodes[0].core.Key(token)); return token }
	for i := range 40 {
		token := add(nodes[i%2].login(t, values{"n": i}))
		switch {
		case i%4 == 0:
			if err := nodes[0].core.End(t.Context(), nodes[0].core.Key(token)); err != nil {
				t.Fatal(err)
			}
		case i == 1:
			ctx := nodes[0].load(t, token)
			nodes[0].SetDeadline(ctx, in(soon/10))
			nodes[0].commit(t, ctx)
			waitUntil(t, in(soon/10+10*time.Millisecond))
		default:
			continue
		}
		ended = append(ended, nodes[0].core.Key(token))
	}
	ended = append(ended, nodes[0].core.Key(add(key()))) // there never was one
	for _, n := range nodes {
		found, err := n.core.Probe(t.Context(), keys)
		if err != nil {
			t.Fatal(err)
		}
		var missing []string
		for i, key := range keys {
			if found[i] == nil {
				missing = append(missing, key)
			} else if session, _, ok, err := n.core.Load(t.Context(), key, nil); !ok || err != nil || !bytes.Equal(session.Bytes, found[i]) {
				t.Errorf("%q is found under %s, which is %v, %v", found[i], key, ok, err)
			}
		}
		slices.Sort(missing)
		slices.Sort(ended)
		if !slices.Equal(missing, ended) {
			t.Errorf("missing are %q, want %q", missing, ended)
		}
	}
	if found, err := nodes[0].core.Probe(t.Context(), nil); len(found) > 0 || err != nil {
		t.Errorf("of no keys %q are found, error %v", found, err)
	}
}

func (n *node) deposit(t *testing.T, name, value string, ttl time.Duration) {
	t.Helper()
	if err := n.core.Deposit(t.Context(), name, []byte(value), ttl); err != nil {
		t.Fatal(err)
	}
}

func (n *node) wantAt(t *testing.T, name, want string) {
	t.Helper()
	if got, ok, err := n.core.Withdraw(t.Context(), name); !ok || err != nil || string(got) != want {
		t.Errorf("Withdraw: %.100q, ok %v, error %v, want %.100q", got, ok, err, want)
	}
}

func (n *node) wantNothingAt(t *testing.T, name string) {
	t.Helper()
	if got, ok, err := n.core.Withdraw(t.Context(), name); ok || err != nil || got != nil {
		t.Errorf("Withdraw: %.100q, ok %v, error %v, want nothing", got, ok, err)
	}
}
