package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// chatApp has the namespace /chat beside the root.
func chatApp(l *ledger) func(*app) {
	return func(a *app) {
		register(a)
		l.watch(a, "/")
		l.watch(a, "/chat")
		a.sessions.OnDisconnect("/", func(_ socketio.Conn, _ *plugin.Session, reason string) { l.add("-/:" + reason) })
	}
}

// joined emits to a session until its sockets hear: a node joins the news of a
// session a moment after its first socket has come.
func joined(a *app, cookie string, clients ...*client) {
	a.Helper()
	for _, c := range clients {
		heard := make(chan bool)
		go func() {
			defer close(heard)
			for c.read() != `42["joined",true]` {
			}
		}()
		eventually(a.T, "an event is heard", func() bool {
			if err := a.sessions.Emit(a.Context(), plugin.ID(idOf(cookie)), "/", "joined", false); err != nil {
				a.Fatal(err)
			}
			if err := a.sessions.Emit(a.Context(), plugin.ID(idOf(cookie)), "/", "joined", true); err != nil {
				a.Fatal(err)
			}
			select {
			case <-heard:
				return true
			default:
				return false
			}
		})
	}
	if err := a.sessions.Emit(a.Context(), plugin.ID(idOf(cookie)), "/", "all"); err != nil {
		a.Fatal(err)
	}
	for _, c := range clients {
		c.skipTo(`42["all"]`)
	}
}

// Emit reaches every socket that a session has in a namespace, on
// every node, in order, with the arguments as they were, and nobody else.
func TestEmit(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, chatApp(&ledger{}))
		cookie := nodes[0].login("alice")
		near, far, other := nodes[0].enter(cookie).in("/chat"), nodes[1].enter(cookie).in("/chat"), nodes[1].enter(nodes[0].login("bob")).in("/chat")
		joined(nodes[0].app, cookie, near, far)
		emit := func(namespace, event string, args ...any) {
			t.Helper()
			if err := nodes[0].sessions.Emit(t.Context(), plugin.ID(idOf(cookie)), namespace, event, args...); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 100 {
			emit("/chat", "n", n)
		}
		emit("", "root", "ü☃\u2028<&>", 1.5, nil, true, []int{1, 2}, map[string]any{"a": map[string]any{"b": nil}}, struct{ X, y int }{1, 2})
		emit("/", "none")
		emit("/nosuch", "nowhere", 1)
		emit("/", "long", strings.Repeat("x", 100_000))
		for _, c := range []*client{near, far} {
			var chat, root []string
			for len(chat) < 100 || len(root) < 3 {
				switch got := c.read(); {
				case strings.HasPrefix(got, "42/chat,"):
					chat = append(chat, strings.TrimPrefix(got, "42/chat,"))
				default:
					root = append(root, got)
				}
			}
			for n, got := range chat {
				if got != fmt.Sprintf(`["n",%d]`, n) {
					t.Fatalf("event %d of 100 is %s", n, got)
				}
			}
			want := []string{
				`42["root","ü☃\u2028\u003c\u0026\u003e",1.5,null,true,[1,2],{"a":{"b":null}},{"X":1}]`, `42["none"]`, `42["long","` + strings.Repeat("x", 100_000) + `"]`,
			}
			if !slices.Equal(root, want) {
				t.Errorf("got %.300q, want %.300q", root, want)
			}
			c.still("alice")
		}
		other.still("bob")
	})
}

// What cannot be sent is an error, and what there is nobody for is none. An error
// of the store is the caller's.
func TestEmitErrors(t *testing.T) {
	t.Parallel()
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{}, register)
	a := nodes[0]
	cookie := a.login("alice")
	c := a.enter(cookie)
	for name, arg := range map[string]any{"channel": make(chan int), "NaN": math.NaN(), "function": func() {}, "panic": explosiveJSON{}} {
		if err := a.sessions.Emit(t.Context(), plugin.ID(idOf(cookie)), "/", "event", 1, arg); err == nil || !strings.Contains(err.Error(), "argument 1") {
			t.Errorf("Emit of a %s: %v", name, err)
		}
		if err := a.sessions.Disconnect(t.Context(), plugin.ID(idOf(cookie)), &plugin.Refusal{Code: "app", Data: arg}); err == nil {
			t.Errorf("Disconnect with a %s: no error", name)
		}
	}
	for _, id := range []string{"", "nobody", `"`, idOf("session=other")} {
		if err := a.sessions.Emit(t.Context(), plugin.ID(id), "/", "event", 1); err != nil {
			t.Errorf("Emit to %q: %v", id, err)
		}
		if err := a.sessions.Disconnect(t.Context(), plugin.ID(id), nil); err != nil {
			t.Errorf("Disconnect of %q: %v", id, err)
		}
		if conns := a.sessions.Sockets(plugin.ID(id), "/"); len(conns) > 0 {
			t.Errorf("Sockets of %q: %v", id, conns)
		}
	}
	a.link.cut.Store(true)
	if err := a.sessions.Emit(t.Context(), plugin.ID(idOf(cookie)), "/", "event", 1); !errors.Is(err, errDown) {
		t.Errorf("Emit without a store: %v", err)
	}
	c.want(`42["event",1]`) // nevertheless
	a.link.cut.Store(false)
	c.still("alice")
}

type explosiveJSON struct{}

func (explosiveJSON) MarshalJSON() ([]byte, error) { panic("secret") }

// Disconnect sends every socket of a session away, on every node, with the
// reason; what was emitted before comes before. The session lives on.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		l := &ledger{}
		nodes := newNodes(t, 2, b, plugin.Options{}, chatApp(l))
		cookie := nodes[0].login("alice")
		other := nodes[1].enter(nodes[0].login("bob"))
		for _, row := range []struct {
			why  *plugin.Refusal
			code string
			want string
		}{
			{nil, "disconnected", `{"code":"disconnected","message":"The server closed the connection.","reconnect":false,"data":null}`},
			{&plugin.Refusal{Code: "kicked", Message: "Out!", Reconnect: true, Data: map[string]int{"for": 7}}, "kicked", `{"code":"kicked","message":"Out!","reconnect":true,"data":{"for":7}}`},
		} {
			near, far := nodes[0].enter(cookie), nodes[1].enter(cookie)
			joined(nodes[1].app, cookie, near, far)
			for n := range 3 {
				if err := nodes[1].sessions.Emit(t.Context(), plugin.ID(idOf(cookie)), "/", "last", n); err != nil {
					t.Fatal(err)
				}
			}
			if err := nodes[1].sessions.Disconnect(t.Context(), plugin.ID(idOf(cookie)), row.why); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*client{near, far} {
				for n := range 3 {
					c.want(fmt.Sprintf(`42["last",%d]`, n))
				}
				if why := c.expelled("/"); why != row.want {
					t.Errorf("got %s, want %s", why, row.want)
				}
				c.ends()
			}
			eventually(t, "OnDisconnect", func() bool { return l.count("-/:"+row.code) == 2 })
			if l.count("!/:"+row.code) != 2 {
				t.Errorf("handlers: %s", l.all())
			}
		}
		nodes[0].enter(cookie).still("alice")
		other.still("bob")
	})
}

// Sockets are those that are in, of this node, one for each namespace.
func TestSockets(t *testing.T) {
	t.Parallel()
	entering, enter := make(chan bool), make(chan error)
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnConnect("/chat", func(socketio.Conn, *plugin.Session) error { entering <- true; return <-enter })
		a.sessions.OnEvent("/chat", "here", func(socketio.Conn, *plugin.Session) bool { return true })
	})
	cookie := nodes[0].login("alice")
	count := func() (n [2]int) {
		for i := range n {
			for _, namespace := range []string{"/", "/chat"} {
				n[i] += len(nodes[i].sessions.Sockets(plugin.ID(idOf(cookie)), namespace))
			}
		}
		return n
	}
	if got := count(); got != [2]int{} {
		t.Errorf("at first: %v", got)
	}
	c, _ := nodes[0].enter(cookie), nodes[1].enter(cookie)
	eventually(t, "both are in", func() bool { return count() == [2]int{1, 1} })
	c.send("40/chat,")
	recv(t, "OnConnect", entering)
	if got := count(); got != [2]int{1, 1} {
		t.Errorf("while it enters: %v", got)
	}
	enter <- nil
	c.enters("/chat")
	eventually(t, "it is in", func() bool { return count() == [2]int{2, 1} })
	for _, namespace := range []string{"/", "/chat"} {
		for _, conn := range nodes[0].sessions.Sockets(plugin.ID(idOf(cookie)), namespace) {
			if got := conn.Namespace(); got != namespace {
				t.Errorf("a socket of %s is in %s", namespace, got)
			}
			conn.Emit("hello")
		}
	}
	c.send("41/chat")
	eventually(t, "it has left", func() bool { return count() == [2]int{1, 1} })
	c.HangUp()
	eventually(t, "it is gone", func() bool { return count() == [2]int{0, 1} })
}

// What is emitted to a socket that is entering waits for CONNECT. On go-socket.io's own
// transports, what is too much is reported.
func TestEmitToEntering(t *testing.T) {
	t.Parallel()
	entering, enter := make(chan bool), make(chan error)
	a := newApp(t, nil, plugin.Options{}, func(a *app) {
		register(a)
		a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { entering <- true; return <-enter })
	})
	cookie := a.login("alice")
	c := a.dial(cookie)
	recv(t, "OnConnect", entering)
	const n = 300
	for i := range n {
		if err := a.sessions.Emit(context.Background(), plugin.ID(idOf(cookie)), "/", "n", i); err != nil {
			t.Fatal(err)
		}
	}
	most := n
	if !a.wired() {
		most = 250
		eventually(t, "what is too much is reported", func() bool { return len(a.failures.all()) > 0 })
		if got := a.failures.all()[0]; !strings.HasPrefix(got, plugin.StageMessage+": ") {
			t.Errorf("reported %q", got)
		}
	}
	enter <- nil
	c.enters("/")
	for i := range most {
		c.want(fmt.Sprintf(`42["n",%d]`, i))
	}
}
