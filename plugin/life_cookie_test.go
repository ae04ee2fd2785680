package plugin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// What Session.Renew cannot do it says, and then it leaves no claim. SCS's own
// calls that would need a cookie are refused as before.
func TestRenewErrors(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	errs, kept := make(chan error, 1), make(chan *plugin.Session, 1)
	a := newApp(t, spy, plugin.Options{Scope: plugin.PerMessage, StoreGrace: -1}, func(a *app) {
		register(a)
		renew := func(values map[string]any) func(socketio.Conn, *plugin.Session) {
			return func(_ socketio.Conn, s *plugin.Session) { errs <- s.Renew(values) }
		}
		a.sessions.OnEvent("/", "login", renew(map[string]any{"user": "alice"}))
		a.sessions.OnEvent("/", "login-readonly", renew(map[string]any{"user": "alice"}), plugin.ReadOnly)
		a.sessions.OnEvent("/", "login-chan", renew(map[string]any{"user": make(chan int)}))
		a.sessions.OnEvent("/", "login-panic", renew(map[string]any{"user": explosive{}}))
		a.sessions.OnEvent("/", "login-update", func(_ socketio.Conn, s *plugin.Session) {
			errs <- s.Update(func(s *plugin.Session) error { return s.Renew(nil) })
		})
		a.sessions.OnEvent("/", "login-destroyed", func(_ socketio.Conn, s *plugin.Session) {
			_ = s.Destroy()
			errs <- s.Renew(nil)
		})
		a.sessions.OnEvent("/", "scs-renew", func(_ socketio.Conn, s *plugin.Session) { errs <- a.manager.RenewToken(s) })
		a.sessions.OnEvent("/", "scs-merge", func(_ socketio.Conn, s *plugin.Session) {
			errs <- a.manager.MergeSession(s, tokenIn(a.login("other")))
		})
		a.sessions.OnEvent("/", "keep", func(_ socketio.Conn, s *plugin.Session) bool { kept <- s; return true })
		a.sessions.AllowAnonymous("/open")
		a.sessions.OnEvent("/open", "login", renew(nil))
		a.sessions.AllowAnonymous("/")
	})
	cookie := a.login("guest")
	anonymous := a.enter("").in("/open")
	anonymous.send(`42/open,["login"]`)
	if err := recv(t, "an anonymous login", errs); !errors.Is(err, plugin.ErrAnonymous) {
		t.Errorf("anonymous: %v", err)
	}
	c := a.enter(cookie)
	c.ask(`["keep"]`)
	if err := recv(t, "the session", kept).Renew(nil); !errors.Is(err, plugin.ErrOver) {
		t.Errorf("after the event: %v", err)
	}
	for _, row := range []struct {
		event string
		is    error // nil for any
	}{
		{"login-readonly", plugin.ErrReadOnly},
		{"login-update", plugin.ErrReadOnly},
		{"login-chan", nil},
		{"login-panic", nil},
		{"scs-renew", store.ErrNoCookie},
		{"scs-merge", store.ErrNoCookie},
		{"login", errDown},
		{"login-destroyed", plugin.ErrGone},
	} {
		if row.event == "login" {
			spy.hook(func(string) { spy.fail(errDown) }) // the event is loaded, and no more
		}
		c.send(`42["` + row.event + `"]`)
		if err := recv(t, row.event, errs); err == nil || row.is != nil && !errors.Is(err, row.is) {
			t.Errorf("%s: got %v, want %v", row.event, err, row.is)
		}
		spy.hook(nil)
		spy.fail(nil)
	}
	if why := c.expelled("/"); !strings.HasPrefix(why, `{"code":"destroyed"`) {
		t.Errorf("got %s", why)
	}
}

// explosive is a value whose encoding panics.
type explosive struct{}

func (explosive) GobEncode() ([]byte, error) { panic("secret") }

// Renew takes effect also where its handler fails, in OnConnect after CONNECT,
// and with nothing to put; and it brings no session back.
func TestRenewAnywhere(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "login+fail", func(_ socketio.Conn, s *plugin.Session) error {
			a.manager.Put(s, "dropped", true)
			if err := s.Renew(nil); err != nil {
				t.Error(err)
			}
			return errors.New("too late")
		})
		a.sessions.OnConnect("/chat", func(_ socketio.Conn, s *plugin.Session) error { return s.Renew(map[string]any{"chat": true}) })
		a.sessions.OnEvent("/chat", "none", func(socketio.Conn, *plugin.Session) {})
	})
	old := a.login("alice")
	c := a.enter(old)
	c.send(`42["login+fail"]`)
	secret := secretIn(c.read())
	for secret == "" {
		secret = secretIn(c.read())
	}
	fresh := cookieIn(a.redeem(old, secret))
	if stored := a.stored(fresh); fresh == "" || stored["user"] != "alice" || stored["dropped"] != nil {
		t.Errorf("a failed handler: the new session %q holds %v", fresh, stored)
	}
	c = a.enter(fresh).in("/chat")
	secret = secretIn(c.read())
	a.get(fresh, "/destroy")
	if response := a.redeem(fresh, secret); response.StatusCode != http.StatusUnauthorized || cookieIn(response) != "" {
		t.Errorf("after the logout: got %s with the cookie %q", response.Status, cookieIn(response))
	}
	if a.stored(fresh) != nil {
		t.Error("the session is back")
	}
}
