package plugin_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// DESIGN, plugin: Enable returns an error that names every setting that cannot
// work.
func TestEnableErrors(t *testing.T) {
	t.Parallel()
	cookie := func(change func(*scs.SessionCookie)) func(*scs.SessionManager) {
		return func(m *scs.SessionManager) { change(&m.Cookie) }
	}
	for _, row := range []struct {
		name    string
		options plugin.Options
		manager func(*scs.SessionManager)
		want    []string // nil for no error
	}{
		{"zero value", plugin.Options{}, nil, nil},
		{"path", plugin.Options{Path: "sockets"}, nil, []string{"Options.Path", "sockets"}},
		{"path without the last slash", plugin.Options{Path: "/sockets"}, nil, nil},
		{"scope", plugin.Options{Scope: 7}, nil, []string{"Options.Scope", "7"}},
		{"access", plugin.Options{Access: -1}, nil, []string{"Options.Access", "-1"}},
		{"flush interval", plugin.Options{FlushInterval: -time.Second}, nil, []string{"FlushInterval", "-1s"}},
		{"handler timeout", plugin.Options{HandlerTimeout: -time.Second}, nil, []string{"HandlerTimeout", "-1s"}},
		{"all at once", plugin.Options{Scope: 7, Access: 7, FlushInterval: -1}, nil, []string{"Scope", "Access", "FlushInterval"}},
		{"cookie path", plugin.Options{}, cookie(func(c *scs.SessionCookie) { c.Path = "/shop" }), []string{"Cookie.Path", "/shop", "/socket.io/"}},
		{"cookie path of a neighbour", plugin.Options{}, cookie(func(c *scs.SessionCookie) { c.Path = "/socket" }), []string{"Cookie.Path"}},
		{"cookie path that fits", plugin.Options{Path: "/shop/socket.io"}, cookie(func(c *scs.SessionCookie) { c.Path = "/shop" }), nil},
		{"cookie path and an own cutter", plugin.Options{Cutter: plugin.FromHeader("X-Token")}, cookie(func(c *scs.SessionCookie) { c.Path = "/shop" }), nil},
		{"cookie name", plugin.Options{}, cookie(func(c *scs.SessionCookie) { c.Name = "a b" }), []string{"Cookie.Name", "a b"}},
		{"no store", plugin.Options{}, func(m *scs.SessionManager) { m.Store = nil }, []string{"store"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			manager := scs.New()
			store.Attach(manager, store.NewMemory(), store.Options{})
			if row.manager != nil {
				row.manager(manager)
			}
			sessions, err := plugin.Enable(socketio.NewServer(nil), manager, row.options)
			if (err != nil) != (row.want != nil) || (sessions == nil) != (err != nil) {
				t.Fatalf("got %v, %v", sessions, err)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not name %s", err, want)
				}
			}
		})
	}
	if _, err := plugin.Enable(nil, scs.New(), plugin.Options{}); err == nil || !strings.Contains(err.Error(), "server") {
		t.Errorf("no server: %v", err)
	}
	if _, err := plugin.Enable(socketio.NewServer(nil), nil, plugin.Options{}); err == nil || !strings.Contains(err.Error(), "manager") {
		t.Errorf("no manager: %v", err)
	}
}

// DESIGN, plugin: a wrong signature panics where it is registered, and the
// message names the event, what is wrong and what is wanted.
func TestOnEventPanics(t *testing.T) {
	t.Parallel()
	type conn = socketio.Conn
	for _, row := range []struct {
		name string
		f    any
		want string // "" for no panic
	}{
		{"nil", nil, "is not a function"},
		{"no function", 7, "is not a function"},
		{"nil function", (func(conn, *plugin.Session))(nil), "is nil"},
		{"no arguments", func() {}, "socketio.Conn first"},
		{"no conn", func(*plugin.Session) {}, "socketio.Conn first"},
		{"no session", func(conn) {}, "*plugin.Session second"},
		{"session by value", func(conn, string) {}, "*plugin.Session second"},
		{"variadic", func(conn, *plugin.Session, ...string) {}, "variadic"},
		{"error before the last result", func(conn, *plugin.Session) (error, int) { return nil, 0 }, "not its last result"}, //nolint:staticcheck // the mistake is what is tested
		{"a func", func(conn, *plugin.Session, func()) {}, "takes a func(), which no client can send"},
		{"channels", func(conn, *plugin.Session, string, []chan int) {}, "takes a chan int"},
		{"a complex number", func(conn, *plugin.Session, *complex128) {}, "takes a complex128"},
		{"an interface with methods", func(conn, *plugin.Session, map[string]fmt.Stringer) {}, "takes a fmt.Stringer"},
		{"a map that no object fills", func(conn, *plugin.Session, map[float64]string) {}, "takes a map[float64]string"},
		{"any", func(conn, *plugin.Session, any, map[int][]time.Time, bytes.Buffer) {}, ""},
		{"a concrete error type, which would be acknowledged instead of failing", func(conn, *plugin.Session) *plugin.Refusal { return nil }, "Refusal"},
		{"nothing else", func(conn, *plugin.Session) {}, ""},
		{"arguments and results", func(conn, *plugin.Session, string, int) (string, error) { return "", nil }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			manager := scs.New()
			store.Attach(manager, store.NewMemory(), store.Options{})
			sessions, err := plugin.Enable(socketio.NewServer(nil), manager, plugin.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				p := recover()
				got := fmt.Sprint(p)
				if (p != nil) != (row.want != "") {
					t.Fatalf("panic %v, want %q", p, row.want)
				}
				for _, want := range []string{row.want, `"the event"`, "func(socketio.Conn, *plugin.Session, arguments...) results..."} {
					if p != nil && !strings.Contains(got, want) {
						t.Errorf("%q does not say %s", got, want)
					}
				}
			}()
			sessions.OnEvent("/", "the event", row.f)
		})
	}
}

// What is registered wrongly panics, and says how.
func TestRegistrationPanics(t *testing.T) {
	t.Parallel()
	handler := func(socketio.Conn, *plugin.Session) {}
	for _, row := range []struct {
		name     string
		register func(s *plugin.Sessions)
		want     string
	}{
		{"a namespace without a slash", func(s *plugin.Sessions) { s.OnEvent("chat", "say", handler) }, `"chat" does not begin with a slash`},
		{"the same of Protect", func(s *plugin.Sessions) { s.Protect("chat") }, `"chat" does not begin with a slash`},
		{"an event twice", func(s *plugin.Sessions) { s.OnEvent("/", "say", handler); s.OnEvent("", "say", handler) }, `"say" of namespace "/" has a handler already`},
		{"the root by its second name", func(s *plugin.Sessions) { s.OnEvent("", "say", handler); s.OnEvent("/chat", "say", handler) }, "<nil>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			manager := scs.New()
			store.Attach(manager, store.NewMemory(), store.Options{})
			sessions, err := plugin.Enable(socketio.NewServer(nil), manager, plugin.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, row.want) {
					t.Errorf("got %q, want %q", got, row.want)
				}
			}()
			row.register(sessions)
		})
	}
}

func TestCutters(t *testing.T) {
	t.Parallel()
	cookie, header := plugin.FromCookie("session"), plugin.FromHeader("X-Token")
	for _, row := range []struct {
		name           string
		cut            plugin.Cutter
		cookie, header string
		want           string
	}{
		{"cookie", cookie, "a=1; session=tok; b=2", "", "tok"},
		{"two cookies", cookie, "session=one; session=two", "", plugin.Ambiguous + "session"},
		{"two cookies, one empty", cookie, "session=one; session=", "", plugin.Ambiguous + "session"},
		{"three cookies", cookie, "session=one; session=one; session=two", "", plugin.Ambiguous + "session"},
		{"the same twice", cookie, "session=one; a=b; session=one", "", "one"},
		{"two others", cookie, "a=one; session=tok; a=two", "", "tok"},
		{"two cookies behind a header", plugin.FirstOf(header, cookie), "session=one; session=two", "h", "h"},
		{"two cookies and no header", plugin.FirstOf(header, cookie), "session=one; session=two", "", plugin.Ambiguous + "session"},
		{"quoted cookie", cookie, `session="tok"`, "", "tok"},
		{"no cookie", cookie, "sessions=tok", "", ""},
		{"bad cookie", cookie, "session=a\x01b", "", ""},
		{"header", header, "", "tok", "tok"},
		{"no header", header, "session=tok", "", ""},
		{"first of both", plugin.FirstOf(header, cookie), "session=c", "h", "h"},
		{"second of both", plugin.FirstOf(header, cookie), "session=c", "", "c"},
		{"neither", plugin.FirstOf(header, cookie), "", "", ""},
		{"first of none", plugin.FirstOf(), "session=c", "h", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{Header: http.Header{}}
			r.Header.Set("Cookie", row.cookie)
			if row.header != "" {
				r.Header.Set("X-Token", row.header)
			}
			if got := row.cut(r); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// Laws: never panics, and the token is part of the header, unless there are several.
func FuzzFromCookie(f *testing.F) {
	for _, header := range []string{"", "session=tok", `session="a b"`, "session=a;session=b", "session=a;session=a", "session", "=;session=;", "a=b;session=c,d; e", "session=\x00", "session=é"} {
		f.Add("session", header)
	}
	f.Add("", "=x")
	f.Fuzz(func(t *testing.T, name, header string) {
		token := plugin.FromCookie(name)(&http.Request{Header: http.Header{"Cookie": {header}}})
		if token == plugin.Ambiguous+name {
			if strings.Count(header, name) < 2 {
				t.Errorf("ambiguous %q in header %q", name, header)
			}
			return
		}
		if !strings.Contains(header, token) {
			t.Errorf("token %q is not in header %q", token, header)
		}
		if token != "" && !strings.Contains(header, name) {
			t.Errorf("token %q of cookie %q from header %q", token, name, header)
		}
	})
}

// An app may have handlers in other namespaces only. Whoever has a session gets in there,
// and nobody else; the root is open to all, as of any server, and empty.
func TestNoHandlerInRoot(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) { whoami(a, "/chat") })
	for _, k := range allKinds {
		if !a.wired() && k.version == 4 {
			continue
		}
		c := a.connect(k, a.login("alice"))
		if k.version == 3 {
			c.enters("/")
		}
		c.in("/chat")
		if got := c.askIn("/chat", `["whoami"]`); !strings.Contains(got, "alice") {
			t.Errorf("by %v: got %s", k, got)
		}
		stranger := a.connect(k, "")
		if k.version == 3 {
			stranger.enters("/")
		}
		stranger.send("40/chat,")
		if why := stranger.refused("/chat"); !strings.Contains(why, plugin.CodeNoCookie) {
			t.Errorf("by %v, a stranger: %s", k, why)
		}
	}
}
