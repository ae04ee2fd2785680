package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// patience is how long a test waits for what must come. It is never waited
// out by a test that passes.
const patience = rawclient.Patience

// app is a server with sessions as an app would build one.
type app struct {
	*testing.T
	manager  *scs.SessionManager
	server   *socketio.Server
	sessions *plugin.Sessions
	wire     *transport.Wire // nil on stock transports
	url      string
	browser  *http.Client
	failures *failures
}

// transportEnv set to "stock" runs the tests on go-socket.io's own transports,
// but for those that bring ours along.
const transportEnv = "PLUGIN_TEST_TRANSPORT"

// wired tells whether the app is on our own transports.
func (a *app) wired() bool { return a.wire != nil }

var discard = slog.New(slog.DiscardHandler)

// failures collects what Options.OnError hears.
type failures struct {
	mu   sync.Mutex
	seen []string
}

func (f *failures) add(failed plugin.Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, failed.Stage+": "+strings.SplitN(failed.Err.Error(), "\n", 2)[0])
}

func (f *failures) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

// newApp serves what setup registers, until the test ends.
func newApp(t *testing.T, backend store.Backend, options plugin.Options, setup func(*app)) *app {
	t.Helper()
	if backend == nil {
		backend = store.NewMemory()
	}
	var kept store.Options
	if _, ok := backend.(store.Roll); ok {
		kept.User = userOf
	}
	return newAppWith(t, backend, kept, options, setup)
}

// newAppWith is newApp with options of the store.
func newAppWith(t *testing.T, backend store.Backend, kept store.Options, options plugin.Options, setup func(*app)) *app {
	t.Helper()
	a := &app{T: t, manager: scs.New(), server: socketio.NewServer(nil), failures: &failures{}}
	if options.Transport == nil && os.Getenv(transportEnv) != "stock" {
		options.Transport = transport.New(transport.Options{Logger: discard})
	}
	if a.wire = options.Transport; a.wired() {
		a.server = socketio.NewServer(a.wire.EngineOptions(nil))
	}
	a.manager.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	store.Attach(a.manager, backend, kept)
	if options.OnError == nil {
		options.OnError = a.failures.add
	}
	if options.Logger == nil {
		options.Logger = discard
	}
	sessions, err := plugin.Enable(a.server, a.manager, options)
	if err != nil {
		t.Fatal(err)
	}
	a.sessions = sessions
	setup(a)
	go a.server.Serve() // for ever: its Close races with the last handshake
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(a.page)))
	a.serve(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := sessions.Close(ctx); err != nil && !errors.Is(err, plugin.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
	})
	return a
}

// userOf is store.Options.User.
func userOf(values map[string]any) string {
	user, _ := values["user"].(string)
	return user
}

// serve serves a handler until the test ends.
func (a *app) serve(handler http.Handler) {
	web := httptest.NewServer(handler)
	a.url, a.browser = web.URL, web.Client() // not the default one: a server's Close cuts it off for all
	a.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
}

// in returns the app for a subtest.
func (a *app) in(t *testing.T) *app {
	t.Helper()
	sub := *a
	sub.T = t
	return &sub
}

// page is HTTP's side of the session: /put?key=value…, the same and RememberMe
// with /remember, /get?key, /destroy, /renew.
func (a *app) page(w http.ResponseWriter, r *http.Request) {
	ctx, query := r.Context(), r.URL.Query()
	switch r.URL.Path {
	case "/put", "/remember":
		if r.URL.Path == "/remember" {
			a.manager.RememberMe(ctx, true)
		}
		for key := range query {
			a.manager.Put(ctx, key, query.Get(key))
		}
	case "/get":
		fmt.Fprint(w, a.manager.Get(ctx, r.URL.RawQuery))
	case "/destroy":
		if err := a.manager.Destroy(ctx); err != nil {
			a.manager.ErrorFunc(w, r, err)
		}
	case "/renew":
		if err := a.manager.RenewToken(ctx); err != nil {
			a.manager.ErrorFunc(w, r, err)
		}
	}
}

// get requests a page with a cookie, and returns the body and the new cookie.
func (a *app) get(cookie, path string) (body, set string) {
	a.Helper()
	got := rawclient.Request(a, a.browser, http.MethodGet, a.url+path, withCookie(cookie), "")
	for _, c := range (&http.Response{Header: got.Header}).Cookies() {
		set = c.Name + "=" + c.Value
	}
	return got.Body, set
}

// login starts a session with a user and returns its cookie.
func (a *app) login(user string) string {
	a.Helper()
	_, cookie := a.get("", "/put?user="+user)
	if cookie == "" {
		a.Fatal("no session cookie")
	}
	return cookie
}

// visitor lets a client of the public kit in, of the version that all transports serve:
// for tests that look at no frames.
func (a *app) visitor(cookie string) *plugintest.Client {
	a.Helper()
	return plugintest.At(a, a.url, plugintest.EIO3()).Dial("/", nil, plugintest.Header("Cookie", cookie)).Connected()
}

// stored returns what the store holds of the session, decoded.
func (a *app) stored(cookie string) map[string]any {
	a.Helper()
	_, token, _ := strings.Cut(cookie, "=")
	kept := a.manager.Store.(*store.Store).Core()
	found, _, ok, err := kept.Load(context.Background(), kept.Key(token), nil)
	if err != nil {
		a.Fatal(err)
	}
	if !ok {
		return nil
	}
	return found.Values
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	rawclient.Eventually(t, what, ok)
}
