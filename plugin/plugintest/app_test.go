package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/alexedwards/scs/v2"
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

// startApp makes an app on our transports, or on go-socket.io's own.
func startApp(t *testing.T, stock bool, options plugin.Options, prepare ...func(*scs.SessionManager)) *app {
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
	a.handlers(t.Context())
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

// large is a number that a float64 cannot tell from the next.
const large = 1 << 53

type document struct {
	Name string         `json:"name"`
	File *parser.Buffer `json:"file"`
}

type line struct {
	User string `json:"user"`
	Text string `json:"text"`
}

func (a *app) handlers(ctx context.Context) {
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
	s.OnEvent("/", "large", func(socketio.Conn, *plugin.Session) int64 { return large })
	s.OnEvent("/", "nested", func(_ socketio.Conn, _ *plugin.Session, b parser.Buffer) document { return document{"a", &b} })
	s.OnEvent("/", "wait", func(socketio.Conn, *plugin.Session) { <-ctx.Done() })
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
			a := startApp(t, k.stock, plugin.Options{})
			test(t, k, a, plugintest.New(t, a.handler, k.options...))
		})
	}
}
