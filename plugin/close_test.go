package plugin_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Close tells every socket going_away, saves everything and turns away what
// comes later, also after socketio.Server.Close, which would end the process.
func TestClose(t *testing.T) {
	t.Parallel()
	options := plugin.Options{FlushInterval: time.Hour}
	l := &ledger{}
	a := newApp(t, nil, options, func(a *app) { register(a); l.watch(a, "/chat"); l.watch(a, "/") })
	cookie := a.login("alice")
	c, left := a.enter(cookie), a.enter(a.login("bob"))
	c.ask(`["put","k","v"]`)
	left.ask(`["put","k","v"]`)
	left.WS.Close()
	late := a.enter(cookie)
	late.ask(`["id"]`)
	eventually(t, "one has left", func() bool { return l.count("-/") == 1 })
	if err := a.sessions.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.stored(cookie)["k"]; got != "v" {
		t.Errorf("stored %v", got)
	}
	if l.count("+/") != 3 || l.count("-/") != 3 || l.count("!/:going_away") != 2 {
		t.Errorf("handlers: %s", l.all())
	}
	for _, c := range []*client{c, late} {
		c.want(`42["sinvalid",{"code":"going_away","message":"The server is going away.","reconnect":true,"data":null}]`)
		c.want("closed")
	}
	if err := a.sessions.Close(t.Context()); !errors.Is(err, plugin.ErrClosed) {
		t.Errorf("the second Close: got %v, want ErrClosed", err)
	}
	a.server.Close()
	for _, query := range []string{"transport=polling&EIO=3", "transport=websocket&EIO=3", "transport=polling&sid="} {
		response, err := a.browser.Get(a.url + "/socket.io/?" + query)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("%s: got %s", query, response.Status)
		}
	}
}

// A CONNECT during Close gets no session and no handler.
func TestConnectDuringClose(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	held := make(chan struct{})
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		l.watch(a, "/chat")
		a.sessions.OnDisconnect("/", func(socketio.Conn, *plugin.Session, string) { <-held })
	})
	c := a.enter(a.login("alice"))
	closed := make(chan error, 1)
	go func() { closed <- a.sessions.Close(context.Background()) }()
	if got := c.read(); !strings.Contains(got, "going_away") {
		t.Fatal(got)
	}
	c.send("40/chat,")
	c.send(`42/chat,1["echo","a"]`)
	for c.read() != "closed" {
	}
	close(held)
	if err := recv(t, "Close", closed); err != nil {
		t.Error(err)
	}
	if got := l.all(); got != "" {
		t.Errorf("handlers of /chat ran: %s", got)
	}
}

// Close returns when its context ends, with an error, whatever holds it up: a
// handler or the store.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	for _, row := range []string{"handler", "store"} {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			spy := newSpy()
			a, blocked, release := blockingApp2(t, spy, plugin.Options{FlushInterval: time.Hour})
			held := make(chan struct{})
			c := a.enter(a.login("alice"))
			c.ask(`["put","k","v"]`)
			if row == "handler" {
				c.send(`421["block"]`)
				recv(t, "the handler", blocked)
			} else {
				spy.hook(func(string) { <-held })
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			closed := make(chan error, 1)
			go func() { closed <- a.sessions.Close(ctx) }()
			select {
			case err := <-closed:
				if err == nil || !strings.Contains(err.Error(), "deadline") {
					t.Errorf("got %v", err)
				}
			case <-time.After(3 * time.Second):
				t.Error("Close has not returned 3 s after its context ended")
			}
			release()
			close(held)
		})
	}
}

// Close says which sessions could not be saved, by their public id.
func TestCloseNamesWhatIsNotSaved(t *testing.T) {
	t.Parallel()
	spy := newSpy()
	a := newApp(t, spy, plugin.Options{FlushInterval: time.Hour}, register)
	cookie := a.login("alice")
	c := a.enter(cookie)
	id := strings.Trim(c.ask(`["id"]`), `[]"`)
	c.ask(`["put","k","v"]`)
	spy.fail(errDown)
	err := a.sessions.Close(t.Context())
	_, token, _ := strings.Cut(cookie, "=")
	if err == nil || !strings.Contains(err.Error(), id) || strings.Contains(err.Error(), token) {
		t.Errorf("got %v, want an error that names %s", err, id)
	}
}

// blockingApp2 is blockingApp with a backend.
func blockingApp2(t *testing.T, spy *spy, options plugin.Options) (a *app, blocked chan bool, release func()) {
	t.Helper()
	blocked, held := make(chan bool, 10), make(chan struct{})
	a = newApp(t, spy, options, func(a *app) {
		register(a)
		a.sessions.OnEvent("/", "block", func(socketio.Conn, *plugin.Session) bool {
			blocked <- true
			<-held
			return true
		})
	})
	return a, blocked, func() { close(held) }
}

// Drain turns nobody away, and Ready tells the balancer.
func TestDrain(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, register)
	if err := a.sessions.Ready(); err != nil {
		t.Errorf("ready: got %v", err)
	}
	early := a.enter(a.login("alice"))
	a.sessions.Drain()
	a.sessions.Drain()
	if err := a.sessions.Ready(); !errors.Is(err, plugin.ErrDraining) {
		t.Errorf("draining: got %v", err)
	}
	for _, c := range []*client{early, a.enter(a.login("bob"))} {
		c.ask(`["put","k","v"]`)
	}
	if err := a.sessions.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.sessions.Ready(); !errors.Is(err, plugin.ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
}

// Close sends clients away at CloseRate, and whoever is left when its context ends at
// once.
func TestCloseRate(t *testing.T) {
	t.Parallel()
	const clients = 40
	l := &ledger{}
	a := newApp(t, nil, plugin.Options{CloseRate: 5}, func(a *app) { register(a); l.watch(a, "/") })
	all := make([]*client, clients)
	for i := range all {
		all[i] = a.enter(a.login("alice"))
	}
	eventually(t, "all are in", func() bool { return l.count("+/") == clients })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- a.sessions.Close(ctx) }()
	eventually(t, "the first has left", func() bool { return l.count("-/") > 0 })
	if n := l.count("-/"); n == clients {
		t.Error("all have left at once")
	}
	answer, err := a.browser.Get(a.url + "/socket.io/?transport=polling&EIO=3")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "1" {
		t.Errorf("a handshake: got %s, Retry-After %q", answer.Status, answer.Header.Get("Retry-After"))
	}
	cancel()
	if err := recv(t, "Close", closed); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: got %v", err)
	}
	for _, c := range all {
		c.want(`42["sinvalid",{"code":"going_away","message":"The server is going away.","reconnect":true,"data":null}]`)
		c.want("closed")
	}
	eventually(t, "all have left", func() bool { return l.count("-/") == clients })
}

// When the context of Close ends first, all who are left are sent away at once: those in
// the plugin's namespaces hear why, those in none of them are hung up.
func TestCloseInAHurry(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		a.sessions.OnEvent("/chat", "say", func(socketio.Conn, *plugin.Session, string) {})
		a.server.OnConnect("/plain", func(socketio.Conn) error { return nil })
	})
	var clients []*client
	for range 20 {
		clients = append(clients, a.rooted(a.login("alice")).in("/chat"))
	}
	stranger := a.rooted("")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.sessions.Close(ctx); err == nil {
		t.Error("Close says nothing of its context")
	}
	for _, c := range clients {
		if got := c.farewells(); got != "/chat!going_away" {
			t.Errorf("heard %q", got)
		}
	}
	if a.wired() {
		stranger.drain()
	}
}

// rooted makes a client in a root that is not the plugin's.
func (a *app) rooted(cookie string) *client {
	a.Helper()
	c := a.dial(cookie)
	c.enters("/")
	return c
}
