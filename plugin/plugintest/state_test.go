package plugintest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// A namespace may have a query, which is not part of its name, and must have a slash.
func TestNamespaceNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, k kind, a *app, srv *plugintest.Server) {
		cookie := plugintest.Session(t, a.manager, map[string]any{"user": "ann"})
		if !k.stock { // there the query is part of the name
			c := srv.Dial("/chat?x=1", cookie).Connected()
			c.Ask("who").Expect("ann")
			if c.Of("/chat") != c {
				t.Error("a namespace has two clients")
			}
		}
		for _, name := range []string{"", "chat"} {
			why := fails(t, func(tb testing.TB) { srv.In(tb).Dial(name, cookie) })
			if !strings.Contains(why, "a namespace begins with a slash") {
				t.Errorf("%q: %q", name, why)
			}
		}
	})
}

// raw serves version 3 by hand: it says OPEN, and does the rest.
func raw(then func(ws *websocket.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer ws.Close()
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":5000}`))
		then(ws)
	})
}

// hangUp ends a websocket, and waits for the client to do so: if it closed at once, what
// the client has just sent would meet a reset, and the client could lose the last frame.
func hangUp(ws *websocket.Conn) {
	_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

// A server that refuses the root hangs up for all namespaces; one that says nothing has
// let nobody in.
func TestHungUp(t *testing.T) {
	t.Parallel()
	refuses := raw(func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(`44{"code":"no_cookie","message":"m"}`))
		hangUp(ws)
	})
	for range 50 { // the client may ask before it hears, or after
		if why := plugintest.New(t, refuses, plugintest.EIO3()).Dial("/chat", nil).Refused(); why.Code != plugin.CodeNoCookie {
			t.Fatalf("got %+v", why)
		}
	}
	why := fails(t, func(tb testing.TB) {
		plugintest.New(tb, raw(func(*websocket.Conn) {}), plugintest.EIO3()).Dial("/", nil)
	})
	if !strings.Contains(why, "neither let in nor refused: the connection has ended") {
		t.Errorf("got %q", why)
	}
}

// No call waits longer than the Patience, also for a server that does not read.
func TestPatience(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	deaf := raw(func(ws *websocket.Conn) {
		_ = ws.WriteMessage(websocket.TextMessage, []byte("40"))
		<-over
	})
	c := plugintest.New(t, deaf, plugintest.EIO3(), plugintest.Patience(hasty)).Dial("/", nil)
	t.Cleanup(func() { close(over) })
	ended := make(chan struct{})
	go func() { // ends with the Patience
		defer close(ended)
		c.Emit("much", strings.Repeat("x", 32<<20))
	}()
	rawclient.Recv(t, "Emit returns", ended)
}

// An app's tests may replace what net/http uses by default.
func TestDefaultTransport(t *testing.T) { //nolint:paralleltest // it changes a variable of net/http
	before := http.DefaultTransport
	http.DefaultTransport = struct{ http.RoundTripper }{before}
	defer func() { http.DefaultTransport = before }()
	a := startApp(t, false, plugin.Options{})
	plugintest.New(t, a.handler).Dial("/", plugintest.Session(t, a.manager, nil)).Connected()
}
