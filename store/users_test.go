package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	plainredis "github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// newUsersNode returns a node that finds the user in the value "user".
func newUsersNode(backend store.Backend, options store.Options) *Node {
	options.User = func(values map[string]any) string { user, _ := values["user"].(string); return user }
	n := newNode(backend)
	n.attached = store.Attach(n.manager, backend, options)
	n.store = n.attached.Core()
	return n
}

// A hesitant is a backend that fails to end some sessions.
type hesitant struct {
	*store.Memory
	fails atomic.Int32 // how many more
}

var errHesitant = errors.New("no answer")

func (h *hesitant) End(ctx context.Context, user, key string, old []byte, note store.Note) ([]byte, bool, error) {
	if h.fails.Add(-1) >= 0 {
		return nil, false, errHesitant
	}
	return h.Memory.End(ctx, user, key, old, note)
}

// An EndUser that cannot reach everything says how many are left. They are listed still, they
// cannot be renewed, and the next EndUser ends them.
func TestEndUserSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	backend := &hesitant{Memory: store.NewMemory()}
	n := newUsersNode(backend, store.Options{})
	tokens := loginMany(t, []*Node{n}, 5, func(int) string { return "ann" })
	backend.fails.Store(2)
	ended, err := n.attached.EndUser(t.Context(), "ann")
	if ended != 3 || !errors.Is(err, errHesitant) || !strings.Contains(err.Error(), "2 of 5 sessions") {
		t.Errorf("ended %d, error %v", ended, err)
	}
	left, err := n.attached.SessionsOf(t.Context(), "ann")
	if len(left) != 2 || err != nil {
		t.Errorf("left are %v, error %v", left, err)
	}
	for _, token := range tokens {
		if token != "" && store.ID(token) == left[0].ID {
			if _, err := n.renew(token, 2); !errors.Is(err, store.ErrGone) {
				t.Errorf("a renewal: %v", err)
			}
		}
	}
	if ended, err := n.attached.EndUser(t.Context(), "ann"); ended != 1 || err != nil {
		t.Errorf("ended %d, error %v", ended, err)
	}
	n.wantLive(t, tokens, false)
}

// A login stands even if what it supersedes cannot be ended. The next login ends that, too.
func TestMaxSessionsCatchesUp(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	backend := &hesitant{Memory: store.NewMemory()}
	n := newUsersNode(backend, store.Options{MaxSessionsPerUser: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	user := func(int) string { return "ann" }
	first := loginMany(t, []*Node{n}, 2, user)
	backend.fails.Store(1)
	third := loginMany(t, []*Node{n}, 1, user)
	n.wantLive(t, append(third, first...), true)
	if !strings.Contains(log.String(), errHesitant.Error()) {
		t.Errorf("the log says %q", log.String())
	}
	fourth := loginMany(t, []*Node{n}, 1, user)
	n.wantLive(t, first, false)
	n.wantLive(t, append(third, fourth...), true)
}

// A panic of Options.User is the commit's error, and nothing is written.
func TestUserPanics(t *testing.T) {
	t.Parallel()
	n := newNode(store.NewMemory())
	store.Attach(n.manager, store.NewMemory(), store.Options{User: func(values map[string]any) string { return values["user"].(string) }})
	ctx, err := n.manager.Load(store.Begin(t.Context()), "")
	if err != nil {
		t.Fatal(err)
	}
	n.manager.Put(ctx, "user", 1)
	if token, _, err := n.manager.Commit(ctx); err == nil || !strings.Contains(err.Error(), "find the user") {
		t.Errorf("committed %s, error %v", token, err)
	}
}

// A session that does not decode here is listed, and ends with its user's.
func TestUsersMalformed(t *testing.T) {
	t.Parallel()
	backend := store.NewMemory()
	n := newUsersNode(backend, store.Options{})
	token := loginMany(t, []*Node{n}, 1, func(int) string { return "ann" })[0]
	old, _, _, err := backend.Find(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Hour)
	if _, ok, err := backend.Swap(t.Context(), token, store.Change{Old: old, New: []byte("x"), Life: store.Life{Expiry: end, Limit: end}}); !ok || err != nil {
		t.Fatal(ok, err)
	}
	all, err := n.attached.SessionsOf(t.Context(), "ann")
	if err != nil || len(all) != 1 || all[0].ID != store.ID(token) || !all[0].Deadline.IsZero() {
		t.Errorf("listed are %v, error %v", all, err)
	}
	if ended, err := n.attached.EndUser(t.Context(), "ann"); ended != 1 || err != nil {
		t.Errorf("ended %d, error %v", ended, err)
	}
}

// A node with SCS's own redisstore keeps no roll. Its logins are found when one of our nodes
// has committed the session, and what it made another user's does not end.
func TestUsersBesidePlainRedis(t *testing.T) {
	t.Parallel()
	pool := storetest.Redis(t).Pool()
	plain := scs.New()
	plain.Store = plainredis.New(pool)
	n := newUsersNode(redisstore.New(pool), store.Options{})
	putPlainly := func(token, user string) string {
		t.Helper()
		ctx, err := plain.Load(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		plain.Put(ctx, "user", user)
		if token, _, err = plain.Commit(ctx); err != nil {
			t.Fatal(err)
		}
		return token
	}
	list := func(user string, want int) {
		t.Helper()
		if all, err := n.attached.SessionsOf(t.Context(), user); len(all) != want || err != nil {
			t.Errorf("of %s are listed %v, want %d, error %v", user, all, want, err)
		}
	}
	token := putPlainly("", "ann")
	list("ann", 0)
	if cookie, err := n.request(token, n.attached.LoadAndSave, func(ctx context.Context) error {
		n.manager.Put(ctx, "n", 1)
		return nil
	}); cookie != token || err != nil {
		t.Fatal(cookie, err)
	}
	list("ann", 1)
	putPlainly(token, "bob")
	if ended, err := n.attached.EndUser(t.Context(), "ann"); ended != 0 || err != nil {
		t.Errorf("ended %d, error %v", ended, err)
	}
	n.wantLive(t, []string{token}, true)
	list("ann", 0)
}

// Memory takes off what has been absent for a minute, and forgets rolls that cannot matter
// any more, without anybody who asks for them.
func TestMemoryForgetsRolls(t *testing.T) {
	t.Parallel()
	m := store.NewMemory()
	n := newUsersNode(m, store.Options{}) // SCS starts a goroutine that never ends
	synctest.Test(t, func(t *testing.T) {
		list := func(want int) {
			t.Helper()
			if entries, err := m.Entries(t.Context(), "ann"); len(entries) != want || err != nil {
				t.Errorf("the roll has %v, want %d, error %v", entries, want, err)
			}
		}
		n.manager.IdleTimeout = time.Minute
		login := func(user string) {
			t.Helper()
			if _, err := n.loginAs(user); err != nil {
				t.Fatal(err)
			}
		}
		login("ann")
		time.Sleep(2 * time.Minute)
		list(1)
		time.Sleep(store.RollPatience)
		list(1)
		time.Sleep(time.Second)
		list(0)
		for i := range 1000 {
			login(fmt.Sprint("old", i))
		}
		time.Sleep(n.manager.Lifetime + 3*store.RollPatience)
		for i := range 1000 {
			login(fmt.Sprint("new", i))
		}
		if got := m.Rolls(); got > 1100 {
			t.Errorf("%d rolls are held, 1000 of them needed", got)
		}
	})
}

// A renewal that takes so long that the roll has forgotten the old token is refused: EndUser
// may have come and gone.
func TestSlowRenewal(t *testing.T) {
	t.Parallel()
	n := newUsersNode(store.NewMemory(), store.Options{}) // SCS starts a goroutine that never ends
	synctest.Test(t, func(t *testing.T) {
		token, err := n.loginAs("ann")
		if err != nil {
			t.Fatal(err)
		}
		ctx, err := n.manager.Load(store.Begin(t.Context()), token)
		if err == nil {
			err = n.manager.RenewToken(ctx)
		}
		for range 3 {
			if err != nil {
				t.Fatal(err)
			}
			_, err = n.attached.SessionsOf(t.Context(), "ann")
			time.Sleep(store.RollPatience)
		}
		if _, err := n.attached.EndUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := n.manager.Commit(ctx); !errors.Is(err, store.ErrGone) {
			t.Errorf("error %v, want ErrGone", err)
		}
	})
}

// The roll of a user who logs in and out again and again has what lives and a handful more.
func TestMemoryRollStaysSmall(t *testing.T) {
	t.Parallel()
	m := store.NewMemory()
	n := newUsersNode(m, store.Options{})
	for range 10_000 {
		token, err := n.loginAs("ann")
		if err == nil {
			_, err = n.destroy(token, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := m.Entries(t.Context(), "ann"); len(entries) > 0 || m.Rolls() > 0 || err != nil {
		t.Errorf("there are %d entries, %d rolls, error %v", len(entries), m.Rolls(), err)
	}
}

// Settings that do nothing are told.
func TestUsersSettings(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]store.Options{
		"":                     {User: func(map[string]any) string { return "" }, Info: []string{"x"}, MaxSessionsPerUser: 1},
		"without Options.User": {MaxSessionsPerUser: 1},
	} {
		var log strings.Builder
		options.Logger = slog.New(slog.NewTextHandler(&log, nil))
		store.Attach(scs.New(), store.NewMemory(), options)
		if got := log.String(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("the log says %q, want %q", got, want)
		}
	}
}
