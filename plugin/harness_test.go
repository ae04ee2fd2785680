package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// patience is how long a test waits for what must come. It is never waited
// out by a test that passes.
const patience = 10 * time.Second

// app is a server with sessions as an app would build one.
type app struct {
	*testing.T
	manager  *scs.SessionManager
	server   *socketio.Server
	sessions *plugin.Sessions
	url      string
	browser  *http.Client
	failures *failures
}

// transportEnv set to "wire" runs the tests on our own transports.
const transportEnv = "PLUGIN_TEST_TRANSPORT"

func onWire() bool { return os.Getenv(transportEnv) == "wire" }

// failures collects what Options.OnError hears.
type failures struct {
	mu   sync.Mutex
	seen []string
}

func (f *failures) add(stage, _ string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, stage+": "+strings.SplitN(err.Error(), "\n", 2)[0])
}

func (f *failures) all() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

// newApp serves what setup registers, until the test ends.
func newApp(t *testing.T, backend store.Backend, options plugin.Options, setup func(*app)) *app {
	t.Helper()
	a := &app{T: t, manager: scs.New(), server: socketio.NewServer(nil), failures: &failures{}}
	if onWire() {
		options.Transport = transport.New(transport.Options{})
		a.server = socketio.NewServer(options.Transport.EngineOptions(nil))
	}
	a.manager.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	if backend == nil {
		backend = store.NewMemory()
	}
	store.Attach(a.manager, backend)
	if options.OnError == nil {
		options.OnError = a.failures.add
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
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
	web := httptest.NewServer(mux)
	a.url, a.browser = web.URL, web.Client() // not the default one: a server's Close cuts it off for all
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := sessions.Close(ctx); err != nil && !errors.Is(err, plugin.ErrClosed) {
			t.Errorf("Close: %v", err)
		}
		web.CloseClientConnections()
		web.Close()
	})
	return a
}

// page is HTTP's side of the session: /put?key=value…, /get?key, /destroy,
// /renew.
func (a *app) page(w http.ResponseWriter, r *http.Request) {
	ctx, query := r.Context(), r.URL.Query()
	switch r.URL.Path {
	case "/put":
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
	r, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		a.Fatal(err)
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	response, err := a.browser.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		a.Fatal(err)
	}
	for _, c := range response.Cookies() {
		set = c.Name + "=" + c.Value
	}
	return string(b), set
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

// stored returns what the store holds of the session, decoded.
func (a *app) stored(cookie string) map[string]any {
	a.Helper()
	_, token, _ := strings.Cut(cookie, "=")
	b, ok, err := a.manager.Store.Find(token)
	if err != nil {
		a.Fatal(err)
	}
	if !ok {
		return nil
	}
	_, values, err := a.manager.Codec.Decode(b)
	if err != nil {
		a.Fatal(err)
	}
	return values
}

// client is a raw Engine.IO 3 client over websocket.
type client struct {
	*testing.T
	ws *websocket.Conn
}

// dial connects with a cookie and reads the OPEN packet.
func (a *app) dial(cookie string) *client {
	a.Helper()
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	url := "ws" + strings.TrimPrefix(a.url, "http") + "/socket.io/?EIO=3&transport=websocket"
	ws, _, err := websocket.DefaultDialer.DialContext(a.Context(), url, header)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { ws.Close() })
	c := &client{T: a.T, ws: ws}
	if open := c.read(); !strings.HasPrefix(open, "0{") {
		a.Fatalf("first packet %q, want OPEN", open)
	}
	return c
}

// enter dials and expects to be let in.
func (a *app) enter(cookie string) *client {
	a.Helper()
	c := a.dial(cookie)
	c.want("40")
	return c
}

func (c *client) send(packet string) {
	c.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(packet)); err != nil {
		c.Fatalf("send %q: %v", packet, err)
	}
}

// read returns the next packet, "closed" when the server has hung up.
func (c *client) read() string {
	c.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	_, b, err := c.ws.ReadMessage()
	if netErr, ok := err.(interface{ Timeout() bool }); ok && netErr.Timeout() {
		c.Fatal("no packet came")
	}
	if err != nil {
		return "closed"
	}
	return string(bytes.TrimSpace(b))
}

func (c *client) want(packet string) {
	c.Helper()
	if got := c.read(); got != packet {
		c.Fatalf("got packet %q, want %q", got, packet)
	}
}

// ask sends an event that asks for an acknowledgement and returns it.
func (c *client) ask(event string) string {
	c.Helper()
	c.send("421" + event)
	answer := c.read()
	if !strings.HasPrefix(answer, "431") {
		c.Fatalf("answer %q to %s", answer, event)
	}
	return strings.TrimPrefix(answer, "431")
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("not in time: %s", what)
		}
	}
}
