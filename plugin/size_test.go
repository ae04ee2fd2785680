package plugin_test

import (
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// An event that makes the session too large changes nothing, is acknowledged with
// the code, and its socket stays.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	scopes(t, testTooLarge)
}

func testTooLarge(t *testing.T, options plugin.Options) {
	t.Helper()
	a := newApp(t, nil, options, func(a *app) {
		a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session, n int) bool {
			a.manager.Put(s, "k", strings.Repeat("x", n))
			return true
		})
		a.sessions.OnEvent("/", "update", func(_ socketio.Conn, s *plugin.Session, n int) error {
			return s.Update(func(s *plugin.Session) error {
				a.manager.Put(s, "k", strings.Repeat("x", n))
				return nil
			})
		})
		a.sessions.OnEvent("/", "renew", func(_ socketio.Conn, s *plugin.Session, n int) error {
			return s.Renew(map[string]any{"k": strings.Repeat("x", n)})
		})
	})
	cookie := a.login("alice")
	c := a.enter(cookie)
	for _, event := range []string{"put", "update", "renew"} {
		if got := c.ask(`["` + event + `",1048576]`); !strings.Contains(got, `{"error":{"code":"too_large","message":"`) {
			t.Errorf("%s is acknowledged %.200s", event, got)
		}
		if got := c.ask(`["put",7]`); got != `[true]` {
			t.Errorf("after %s: %s", event, got)
		}
	}
	c.HangUp()
	eventually(t, "all is saved", func() bool { return a.sessions.Entries() == 0 })
	if got := a.stored(cookie); got["k"] != "xxxxxxx" || got["user"] != "alice" {
		t.Errorf("%d keys are stored", len(got))
	}
}

// What a goroutine puts between events is dropped when it is too large, and
// reported, and does not keep others from being saved.
func TestTooLargeOutside(t *testing.T) {
	t.Parallel()
	a, sessions := outsideApp(t, newSpy(), soon, nil)
	cookie := a.login("alice")
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	s := recv(t, "the session", sessions)
	a.manager.Put(s, "k", strings.Repeat("x", 2<<20))
	eventually(t, "it is reported", func() bool {
		return strings.Contains(strings.Join(a.failures.all(), " "), plugin.StageSave+": "+store.ErrTooLarge.Error())
	})
	a.manager.Put(s, "after", "v")
	eventually(t, "the next change is saved", func() bool { return a.stored(cookie)["after"] == "v" })
	if a.manager.Exists(s, "k") || a.stored(cookie)["k"] != nil {
		t.Error("what was too large is still there")
	}
}

// A session that does not decode is of no use to its sockets, nor to who comes: it
// is internal, final, and said once.
func TestMalformed(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		backend := store.NewMemory()
		l := &ledger{}
		a := newApp(t, backend, options, func(a *app) { register(a); l.tell(a, "/") })
		cookie := a.login("alice")
		c, idle := a.enter(cookie), a.enter(cookie)
		c.still("alice")
		idle.still("alice")
		found, expiry, _, err := backend.Find(t.Context(), tokenIn(cookie))
		if err != nil {
			t.Fatal(err)
		}
		note := store.Note{Event: store.Event{ID: idOf(cookie), Kind: store.Changed}, From: "elsewhere"}
		change := store.Change{Old: found, New: []byte("broken"), Life: store.Life{Expiry: expiry, Limit: expiry}, Note: note}
		if _, ok, err := backend.Swap(t.Context(), tokenIn(cookie), change); err != nil || !ok {
			t.Fatal(ok, err)
		}
		for _, c := range []*client{c, idle} {
			if got := c.farewells(); got != "!internal" {
				t.Errorf("a socket heard %q", got)
			}
		}
		if why := a.dial(cookie).refused("/"); !strings.Contains(why, `"code":"internal"`) || !isFinal(why) {
			t.Errorf("a new client got %s", why)
		}
		eventually(t, "nothing is left", func() bool { return a.sessions.Entries() == 0 })
		reports := 0
		for _, failure := range a.failures.all() {
			if strings.Contains(failure, store.ErrMalformed.Error()) {
				reports++
			}
		}
		if reports != 2 { // the entry's, and the new client's
			t.Errorf("%d reports: %v", reports, a.failures.all())
		}
		_, now := a.get(cookie, "/put?user=bob") // a login gets rid of it
		if got := a.stored(now)["user"]; got != "bob" {
			t.Errorf("after a login: %v", got)
		}
		if _, _, ok, _ := backend.Find(t.Context(), tokenIn(cookie)); ok {
			t.Error("the broken bytes are still there")
		}
	})
}
