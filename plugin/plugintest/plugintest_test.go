package plugintest_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

func TestTalk(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k kind, a *app, srv *plugintest.Server) {
		c := srv.Dial("/", plugintest.Session(t, a.manager, map[string]any{"user": "ann", "clicks": 6})).Connected()
		c.Ask("click").Expect(7)
		if n := c.Ask("click").Int(); n != 8 {
			t.Errorf("got %d", n)
		}
		c.ExpectNone("said")
		if got := c.Ask("say", "hello"); got.String() != "ok hello" || got.Code() != "" {
			t.Errorf("got %q, code %q", got, got.Code())
		}
		c.Expect("said", line{"ann", "hello"}, 1)
		c.Expect("typing")
		c.ExpectNone("said")
		c.Emit("say", "again")
		var said line
		var n int
		c.Hear("said").Scan(&said, &n)
		if said != (line{"ann", "again"}) || n != 1 {
			t.Errorf("got %v, %d", said, n)
		}
		if code := c.Ask("fail").Code(); code != "sold_out" {
			t.Errorf("got code %q", code)
		}
		c.Close()
		if why := c.Ended(); why.Code != "" {
			t.Errorf("after Close: %+v", why)
		}
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k kind, a *app, srv *plugintest.Server) {
		if why := srv.Dial("/", nil).Refused(); why.Code != plugin.CodeNoCookie || why.Reconnect {
			t.Errorf("without a cookie: %+v", why)
		}
		stranger := plugintest.Session(t, a.manager, nil)
		why := srv.Dial("/chat", stranger).Refused()
		if why.Code != "login_required" || why.Message != "Please log in." || !reflect.DeepEqual(why.Data, []any{"/login"}) {
			t.Errorf("got %+v", why)
		}
		if why := srv.Dial("/chat", nil).Refused(); why.Code != plugin.CodeNoCookie {
			t.Errorf("of a namespace without a cookie: %+v", why)
		}
		srv.Dial("/", stranger).Connected().Ask("click").Expect(1)
	})
}

func TestEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k kind, a *app, srv *plugintest.Server) {
		c := srv.Dial("/", plugintest.Session(t, a.manager, map[string]any{"user": "ann"}))
		chat := c.Of("/chat")
		if c.Of("/chat") != chat || c.Of("/") != c {
			t.Error("a namespace has two clients")
		}
		chat.Ask("who").Expect("ann")
		c.Ask("click").Expect(1)
		if _, err := a.attached.EndUser(t.Context(), "ann"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*plugintest.Client{c, chat} {
			if why := c.Ended(); why.Code != plugin.CodeDestroyed || !errors.Is(&why, plugin.ErrGone) {
				t.Errorf("got %+v", why)
			}
		}
	})
}

// On our transports binary is right.
func TestBinary(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		if k.stock {
			continue
		}
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			a := startApp(t, false, plugin.Options{})
			c := plugintest.New(t, a.handler, k.options...).Dial("/", plugintest.Session(t, a.manager, nil))
			sent := []byte{0, 200, 255}
			answer := c.Ask("blob", sent)
			answer.Expect(sent)
			var got []byte
			answer.Scan(&got)
			if !reflect.DeepEqual(got, sent) || answer.String() != base64.StdEncoding.EncodeToString(sent) {
				t.Errorf("got %v, %s", got, answer)
			}
			c.Expect("blob", sent)
			spaces := []byte("\n a \n")
			c.Ask("blob", spaces).Expect(spaces)
			c.Ask("nested", sent).Expect(map[string]any{"name": "a", "file": sent})
		})
	}
}

// Sockets and requests find the session by its cookie, whatever the store calls it, and
// whichever store that is.
func TestSession(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*scs.SessionManager){
		"attached": func(*scs.SessionManager) {},
		"hashed":   func(m *scs.SessionManager) { m.HashTokenInStore, m.Cookie.Name = true, "app" },
		"SCS's":    func(m *scs.SessionManager) { m.Store, m.Cookie.Path = memstore.New(), "/socket.io" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startApp(t, false, plugin.Options{}, prepare)
			cookie := plugintest.Session(t, a.manager, map[string]any{"clicks": 41})
			srv := plugintest.New(t, a.handler)
			c := srv.Dial("/", cookie)
			c.Ask("click").Expect(42)
			c.Close()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.AddCookie(cookie)
			var page *httptest.ResponseRecorder
			for page == nil || page.Body.String() == "41" && t.Context().Err() == nil { // until it is saved
				page = httptest.NewRecorder()
				a.handler.ServeHTTP(page, r)
			}
			if got := page.Body.String(); got != "42" {
				t.Errorf("the page shows %s", got)
			}
			if cookie.Name != a.manager.Cookie.Name || cookie.Path != a.manager.Cookie.Path || !cookie.HttpOnly {
				t.Errorf("the cookie is %v", cookie)
			}
		})
	}
}

// What the options say reaches the server.
func TestOptions(t *testing.T) {
	t.Parallel()
	a := startApp(t, false, plugin.Options{
		Path: "/io", Cutter: plugin.FirstOf(plugin.FromHeader(transport.AuthHeader+"-Token"), plugin.FromHeader("X-Token"), func(r *http.Request) string { return r.URL.Query().Get("token") }),
	})
	token := plugintest.Session(t, a.manager, nil).Value
	srv := plugintest.New(t, a.handler, plugintest.Path("io"))
	for name, option := range map[string]plugintest.Option{
		"header": plugintest.Header("X-Token", token),
		"query":  plugintest.Query("token", token),
		"auth":   plugintest.Auth(map[string]string{"token": token}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv.In(t).Dial("/", nil, option).Connected()
			srv.In(t).Dial("/", nil).Refused()
		})
	}
	if why := srv.Dial("/", nil, plugintest.Header("Origin", srv.URL)).Refused(); why.Code != plugin.CodeNoCookie {
		t.Errorf("from its own page: %+v", why)
	}
}

// A handshake that is refused by HTTP is a refusal like any other.
func TestRefusedHandshake(t *testing.T) {
	t.Parallel()
	a := startApp(t, false, plugin.Options{RefuseHandshake: true})
	srv := plugintest.New(t, a.handler)
	for _, options := range [][]plugintest.Option{nil, {plugintest.Polling()}} {
		c := srv.Dial("/", nil, options...)
		if why := c.Refused(); why.Code != plugin.CodeNoCookie {
			t.Errorf("got %+v", why)
		}
		c.Emit("click")
		c.Close()
	}
}

// Events are all that comes, in its order, until the end.
func TestEvents(t *testing.T) {
	t.Parallel()
	a := startApp(t, false, plugin.Options{})
	c := plugintest.New(t, a.handler).Dial("/", plugintest.Session(t, a.manager, map[string]any{"user": "ann"}))
	c.Emit("say", "hello")
	var names []string
	for event, args := range c.Events() {
		names = append(names, event+" "+args.String())
		if event == "said" {
			if _, err := a.attached.EndUser(t.Context(), "ann"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if want := []string{"typing ", `said {"user":"ann","text":"hello"}`}; !reflect.DeepEqual(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// An httptest.Server of the test's own serves as well.
func TestAt(t *testing.T) {
	t.Parallel()
	a := startApp(t, false, plugin.Options{})
	web := httptest.NewServer(a.handler)
	t.Cleanup(web.Close)
	plugintest.At(t, web.URL+"/").Dial("/", plugintest.Session(t, a.manager, nil)).Ask("click").Expect(1)
}

// A program is no place for the kit, whatever it takes for a test.
func TestOutside(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/outside").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: plugintest: this is for tests") {
		t.Errorf("%v: %s", err, out)
	}
}
