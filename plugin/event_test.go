package plugin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// register gives the app one event for each thing that a handler can do.
func register(a *app) {
	m := a.manager
	a.sessions.OnEvent("/", "get", func(_ socketio.Conn, s *plugin.Session, key string) any { return m.Get(s, key) })
	a.sessions.OnEvent("/", "put", func(_ socketio.Conn, s *plugin.Session, key, value string) bool {
		m.Put(s, key, value)
		return true
	})
	a.sessions.OnEvent("/", "put+fail", func(_ socketio.Conn, s *plugin.Session, key, value string) (bool, error) {
		m.Put(s, key, value)
		return true, errors.New("secret reason")
	})
	a.sessions.OnEvent("/", "put+panic", func(_ socketio.Conn, s *plugin.Session, key, value string) bool {
		m.Put(s, key, value)
		panic("secret reason")
	})
	a.sessions.OnEvent("/", "put+refuse", func(_ socketio.Conn, s *plugin.Session, key, value string) error {
		m.Put(s, key, value)
		return &plugin.Refusal{Code: "app", Message: "no", Data: 7}
	})
	a.sessions.OnEvent("/", "put+save+fail", func(_ socketio.Conn, s *plugin.Session, key, value string) error {
		m.Put(s, key, value)
		if err := s.Save(); err != nil {
			return err
		}
		m.Put(s, key, "later")
		return errors.New("too late")
	})
	a.sessions.OnEvent("/", "read", func(_ socketio.Conn, s *plugin.Session, key string) any { return m.Get(s, key) }, plugin.ReadOnly)
	a.sessions.OnEvent("/", "write", func(_ socketio.Conn, s *plugin.Session, key, value string) bool {
		m.Put(s, key, value)
		return true
	}, plugin.ReadOnly)
	a.sessions.OnEvent("/", "count", func(_ socketio.Conn, s *plugin.Session) (n int, err error) {
		err = s.Update(func(s *plugin.Session) error {
			n = m.GetInt(s, "n") + 1
			m.Put(s, "n", n)
			return nil
		})
		return n, err
	})
	a.sessions.OnEvent("/", "id", func(_ socketio.Conn, s *plugin.Session) string { return s.ID() })
	a.sessions.OnEvent("/", "destroy", func(_ socketio.Conn, s *plugin.Session) (bool, error) { return true, s.Destroy() })
	a.sessions.OnEvent("/", "renew", func(_ socketio.Conn, s *plugin.Session) error { return m.RenewToken(s) })
}

// scopes runs a test in both scopes.
func scopes(t *testing.T, test func(t *testing.T, options plugin.Options)) {
	t.Helper()
	for name, scope := range map[string]plugin.Scope{"connection": plugin.PerConnection, "message": plugin.PerMessage} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, plugin.Options{Scope: scope, FlushInterval: 20 * time.Millisecond})
		})
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	const internal = `[{"error":{"code":"internal","message":"The server failed to handle this."}}]`
	scopes(t, func(t *testing.T, options plugin.Options) {
		a := newApp(t, nil, options, register)
		cookie := a.login("alice")
		c := a.enter(cookie)
		for _, step := range []struct{ event, want string }{
			{`["get","user"]`, `["alice"]`},
			{`["put","color","blue"]`, `[true]`},
			{`["get","color"]`, `["blue"]`},
			{`["put+fail","color","red"]`, internal},
			{`["get","color"]`, `["blue"]`},
			{`["put+panic","color","red"]`, internal},
			{`["get","color"]`, `["blue"]`},
			{`["put+refuse","color","red"]`, `[{"error":{"code":"app","message":"no","data":7}}]`},
			{`["get","color"]`, `["blue"]`},
			{`["put+save+fail","color","green"]`, internal},
			{`["get","color"]`, `["green"]`},
			{`["read","color"]`, `["green"]`},
			{`["write","color","red"]`, internal},
			{`["read","color"]`, `["green"]`},
			{`["count"]`, `[1]`},
			{`["count"]`, `[2]`},
			{`["get","n"]`, `[2]`},
			{`["get","none"]`, `[null]`},
			{`["renew"]`, internal},
			{`["get","user"]`, `["alice"]`},
		} {
			if got := c.ask(step.event); got != step.want {
				t.Fatalf("%s: got %s, want %s", step.event, got, step.want)
			}
		}
		eventually(t, "the changes are stored", func() bool {
			stored := a.stored(cookie)
			return stored["color"] == "green" && stored["n"] == 2
		})
		failures := strings.Join(a.failures.all(), "\n")
		for _, want := range []string{"secret reason", "panic: secret reason", plugin.ErrReadOnly.Error(), "a socket cannot set the cookie"} {
			if !strings.Contains(failures, want) {
				t.Errorf("OnError has not heard %q, but:\n%s", want, failures)
			}
		}
	})
}

// Invariants 1 and 3: what HTTP and sockets write at the same time is kept,
// and Update is exact.
func TestEventsBesideHTTP(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		a := newApp(t, nil, options, register)
		cookie := a.login("alice")
		c := a.enter(cookie)
		if got := c.ask(`["put","socket","1"]`); got != `[true]` {
			t.Fatal(got)
		}
		a.get(cookie, "/put?http=1")
		eventually(t, "the socket sees what HTTP has put", func() bool { return c.ask(`["get","http"]`) == `["1"]` })
		eventually(t, "both are stored", func() bool {
			stored := a.stored(cookie)
			return stored["socket"] == "1" && stored["http"] == "1"
		})
	})
}

// The acknowledgement of the event that destroys the session comes before the
// reason, also when its handler still has something to do.
func TestEventAfterDestroy(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		a := newApp(t, nil, options, func(a *app) {
			register(a)
			a.sessions.OnEvent("/", "destroy-early", func(_ socketio.Conn, s *plugin.Session) (bool, error) {
				err := s.Destroy()
				<-s.Done() // all sockets are being told
				return true, err
			})
		})
		for _, event := range []string{"destroy", "destroy-early"} {
			cookie := a.login("alice")
			c, other := a.enter(cookie), a.enter(cookie)
			other.still("alice") // it is let in
			if got := c.ask(`["` + event + `"]`); got != `[true]` {
				t.Fatal(got)
			}
			for _, c := range []*client{c, other} {
				if why := c.expelled("/"); why != `{"code":"destroyed","message":"The session has ended.","reconnect":false,"data":null}` {
					t.Errorf("got %s", why)
				}
				c.ends()
			}
			if a.stored(cookie) != nil {
				t.Error("the session is still stored")
			}
		}
	})
}
