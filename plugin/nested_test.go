package plugin_test

import (
	"errors"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// An Update inside an Update says so, at once.
func TestNestedUpdate(t *testing.T) {
	t.Parallel()
	heard := make(chan error, 2) // it is run again, in case that it saw something old
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		a.sessions.OnEvent("/", "nest", func(_ socketio.Conn, s *plugin.Session) error {
			return s.Update(func(s *plugin.Session) error {
				heard <- s.Update(func(*plugin.Session) error { return nil })
				return errors.New("enough")
			})
		})
	})
	a.visitor(a.login("alice")).Ask("nest")
	if err := recv(t, "the error", heard); !errors.Is(err, plugin.ErrNested) {
		t.Errorf("got %v", err)
	}
}

// A commit inside an Update says so too: the function would be run again on what it
// has committed, and count twice.
func TestCommitInsideUpdate(t *testing.T) {
	t.Parallel()
	scopes(t, func(t *testing.T, options plugin.Options) {
		committed := make(chan error, 10)
		a := newApp(t, nil, options, func(a *app) {
			register(a)
			a.sessions.OnEvent("/", "add", func(_ socketio.Conn, s *plugin.Session) error {
				return s.Update(func(s *plugin.Session) error {
					a.manager.Put(s, "n", a.manager.GetInt(s, "n")+1)
					_, _, err := a.manager.Commit(s)
					committed <- err
					return nil
				})
			})
		})
		cookie := a.login("alice")
		a.visitor(cookie).Ask("add")
		if err := recv(t, "the error", committed); !errors.Is(err, plugin.ErrNested) {
			t.Errorf("got %v", err)
		}
		if n := a.stored(cookie)["n"]; n != 1 {
			t.Errorf("it counts %v", n)
		}
	})
}
