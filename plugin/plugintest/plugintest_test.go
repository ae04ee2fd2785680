package plugintest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// An app is one as its developer tests it.
type app struct {
	manager  *scs.SessionManager
	attached *store.Store
	sessions *plugin.Sessions
	handler  http.Handler
}

// newApp makes an app on our transports, or on go-socket.io's own.
func newApp(t *testing.T, stock bool, options plugin.Options, prepare ...func(*scs.SessionManager)) *app {
	t.Helper()
	a := &app{manager: scs.New()}
	a.attached = store.Attach(a.manager, store.NewMemory(), store.Options{
		User: func(values map[string]any) string { user, _ := values["user"].(string); return user },
	})
	for _, prepare := range prepare {
		prepare(a.manager)
	}
	server := socketio.NewServer(nil)
	options.Logger = slog.New(slog.DiscardHandler)
	if !stock {
		options.Transport = transport.New(transport.Options{Logger: options.Logger})
		server = socketio.NewServer(options.Transport.EngineOptions(nil))
	}
	sessions, err := plugin.Enable(server, a.manager, options)
	if err != nil {
		t.Fatal(err)
	}
	a.sessions = sessions
	a.handlers()
	go server.Serve() // for ever: its Close races with the last handshake
	t.Cleanup(func() {
		if err := sessions.Close(context.Background()); err != nil && !errors.Is(err, plugin.ErrClosed) {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, a.manager.GetInt(r.Context(), "clicks"))
	})))
	a.handler = mux
	return a
}

type line struct {
	User string `json:"user"`
	Text string `json:"text"`
}

func (a *app) handlers() {
	s, m := a.sessions, a.manager
	s.OnEvent("/", "click", func(_ socketio.Conn, s *plugin.Session) int {
		m.Put(s, "clicks", m.GetInt(s, "clicks")+1)
		return m.GetInt(s, "clicks")
	})
	s.OnEvent("/", "say", func(c socketio.Conn, s *plugin.Session, text string) string {
		c.Emit("typing")
		c.Emit("said", line{m.GetString(s, "user"), text}, 1)
		return "ok " + text
	})
	s.OnEvent("/", "fail", func(socketio.Conn, *plugin.Session) error {
		return &plugin.Refusal{Code: "sold_out", Message: "No more."}
	})
	s.OnEvent("/", "blob", func(c socketio.Conn, _ *plugin.Session, b *parser.Buffer) *parser.Buffer {
		c.Emit("blob", &parser.Buffer{Data: b.Data})
		return b
	})
	s.OnConnect("/chat", func(_ socketio.Conn, s *plugin.Session) error {
		if !m.Exists(s, "user") {
			return &plugin.Refusal{Code: "login_required", Message: "Please log in.", Data: []string{"/login"}}
		}
		return nil
	})
	s.OnEvent("/chat", "who", func(_ socketio.Conn, s *plugin.Session) string { return m.GetString(s, "user") })
}

// A kind is how clients connect, and to which transports.
type kind struct {
	name    string
	stock   bool
	options []plugintest.Option
}

var kinds = []kind{
	{"websocket 4", false, nil},
	{"polling 4", false, []plugintest.Option{plugintest.Polling()}},
	{"websocket 3", false, []plugintest.Option{plugintest.EIO3()}},
	{"polling 3", false, []plugintest.Option{plugintest.EIO3(), plugintest.Polling()}},
	{"stock websocket", true, []plugintest.Option{plugintest.EIO3()}},
	{"stock polling", true, []plugintest.Option{plugintest.EIO3(), plugintest.Polling()}},
}

func each(t *testing.T, test func(*testing.T, kind, *app, *plugintest.Server)) {
	t.Helper()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, k.stock, plugin.Options{})
			test(t, k, a, plugintest.New(t, a.handler, k.options...))
		})
	}
}

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
			if why := c.Ended(); why.Code != plugin.CodeDestroyed {
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
			a := newApp(t, false, plugin.Options{})
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
			a := newApp(t, false, plugin.Options{}, prepare)
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
	a := newApp(t, false, plugin.Options{
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
	a := newApp(t, false, plugin.Options{RefuseHandshake: true})
	srv := plugintest.New(t, a.handler)
	for _, options := range [][]plugintest.Option{nil, {plugintest.Polling()}} {
		c := srv.Dial("/", nil, options...)
		if why := c.Refused(); why.Code != plugin.CodeNoCookie {
			t.Errorf("got %+v", why)
		}
		c.Emit("click")
		c.Close()
		c.Ended()
	}
}

// Events are all that comes, in its order, until the end.
func TestEvents(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plugin.Options{})
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
	a := newApp(t, false, plugin.Options{})
	web := httptest.NewServer(a.handler)
	t.Cleanup(web.Close)
	plugintest.At(t, web.URL+"/").Dial("/", plugintest.Session(t, a.manager, nil)).Ask("click").Expect(1)
}
