package plugin_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// The browser's cookie is kept in step with a session that only a socket uses:
// the script is told to fetch it, and nothing else becomes of the session; where
// the cookie does not persist, only if the session is remembered. A cookie that
// the browser keeps until it is closed needs nothing. TestCookieIsInTime tells
// when.
func TestCookieIsKept(t *testing.T) {
	t.Parallel()
	const idle = 2 * time.Second
	for _, persist := range []bool{true, false} {
		t.Run("persist "+strconv.FormatBool(persist), func(t *testing.T) {
			t.Parallel()
			a := newApp(t, nil, plugin.Options{}, func(a *app) {
				register(a)
				a.manager.IdleTimeout = idle
				a.manager.Cookie.Persist = persist
			})
			_, cookie := a.get("", "/remember?user=alice")
			c := a.enterWith("&session-script=1", cookie)
			plain := a.enterWith("&session-script=1", a.login("bob"))
			eventually(t, "the script is told", func() bool {
				if !persist {
					plain.still("bob")
				}
				c.send(`421["get","user"]`)
				for got := c.read(); got != `431["alice"]`; got = c.read() {
					if got == `42["sclaim"]` {
						return true
					}
					t.Fatalf("got %s", got)
				}
				return false
			})
			response := a.post("session-claim", cookie)
			set := response.Cookies()
			if len(set) != 1 || cookieIn(response) != cookie || time.Until(set[0].Expires) > 2*idle || set[0].MaxAge < 1 {
				t.Errorf("got the cookies %v", set)
			}
			c.send(`422["get","user"]`)
			c.skipTo(`432["alice"]`)
		})
	}
}

// What a socket changes of what the cookie says, the deadline or RememberMe, is
// told to the pages of the session in this process, once it is kept: each of its
// connections with the script fetches the cookie. Nothing else is.
func TestCookieFollows(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		scopes(t, func(t *testing.T, options plugin.Options) {
			options.FlushInterval = 10 * time.Millisecond
			for _, persist := range []bool{true, false} {
				n := newNodes(t, 1, b, options, func(a *app) { a.manager.Cookie.Persist = persist; cookieApp(a) })[0]
				cookie := n.login("alice")
				c, other := n.enterWith("&session-script=2", cookie), n.enterWith("&session-script=1", cookie)
				plain := n.enter(cookie)
				other.still("alice") // on stock transports it may hear that it is in before it is
				told := func(event string) *http.Cookie {
					t.Helper()
					c.send(`421` + event)
					if got := []string{c.read(), c.read()}; !slices.Contains(got, `431[true]`) || !slices.Contains(got, `42["sclaim"]`) {
						t.Fatalf("%s got %q", event, got)
					}
					other.want(`42["sclaim"]`)
					return n.post("session-claim", cookie).Cookies()[0]
				}
				c.ask(`["put","k","v"]`)
				if persist {
					c.ask(`["remember",true]`) // it is anyway
				} else {
					c.ask(`["deadline",600]`) // it is not in the cookie
					if set := told(`["remember",true]`); set.MaxAge < 590 || set.MaxAge > 601 {
						t.Errorf("remembered: got %v", set)
					}
				}
				for event, life := range map[string]int{`["deadline",1200]`: 1200, `["deadline+update",1800]`: 1800, `["deadline+save",2400]`: 2400, `["deadline+commit",3000]`: 3000} {
					if set := told(event); set.MaxAge < life-10 || set.MaxAge > life+1 {
						t.Errorf("persist %v, %s: got %v", persist, event, set)
					}
				}
				if !persist {
					if set := told(`["remember",false]`); set.MaxAge != 0 || !set.Expires.IsZero() {
						t.Errorf("not remembered: got %v", set)
					}
				}
				for _, c := range []*client{c, other, plain} {
					c.still("alice")
				}
			}
		})
	})
}

// cookieApp has events that change what the cookie says.
func cookieApp(a *app) {
	register(a)
	m := a.manager
	a.sessions.OnEvent("/", "remember", func(_ socketio.Conn, s *plugin.Session, yes bool) bool {
		m.RememberMe(s, yes)
		return true
	})
	in := func(seconds int) time.Time { return time.Now().Add(time.Duration(seconds) * time.Second).UTC() }
	a.sessions.OnEvent("/", "deadline", func(_ socketio.Conn, s *plugin.Session, seconds int) bool {
		m.SetDeadline(s, in(seconds))
		return true
	})
	a.sessions.OnEvent("/", "deadline+update", func(_ socketio.Conn, s *plugin.Session, seconds int) (bool, error) {
		return true, s.Update(func(s *plugin.Session) error { m.SetDeadline(s, in(seconds)); return nil })
	})
	a.sessions.OnEvent("/", "deadline+commit", func(_ socketio.Conn, s *plugin.Session, seconds int) (bool, error) {
		m.SetDeadline(s, in(seconds))
		_, _, err := m.Commit(s)
		return true, err
	})
	a.sessions.OnEvent("/", "deadline+save", func(_ socketio.Conn, s *plugin.Session, seconds int) (bool, error) {
		m.SetDeadline(s, in(seconds))
		return true, s.Save()
	})
}
