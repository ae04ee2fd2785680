package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// roomApp has events for rooms in the root and in /chat.
func roomApp(a *app) {
	register(a)
	ctx := context.Background()
	for _, namespace := range []string{"/", "/chat"} {
		a.sessions.OnEvent(namespace, "join", func(c socketio.Conn, _ *plugin.Session, room string) bool { c.Join(room); return true })
		a.sessions.OnEvent(namespace, "leave", func(c socketio.Conn, _ *plugin.Session, room string) bool { c.Leave(room); return true })
		a.sessions.OnEvent(namespace, "leaveAll", func(c socketio.Conn, _ *plugin.Session) bool { c.LeaveAll(); return true })
		a.sessions.OnEvent(namespace, "say", func(c socketio.Conn, _ *plugin.Session, room, text string) error {
			c.Emit("before", text)
			err := a.sessions.Emit(ctx, plugin.Room(room), namespace, "said", text)
			c.Emit("after", text)
			return err
		})
		a.sessions.OnEvent(namespace, "tell", func(c socketio.Conn, _ *plugin.Session, room, text string) error {
			return a.sessions.Emit(ctx, plugin.Room(room).Except(c), namespace, "said", text)
		})
	}
}

// joins makes a client join a room.
func (c *client) joins(namespace, room string) {
	c.Helper()
	if got := c.askIn(namespace, `["join","`+room+`"]`); got != "[true]" {
		c.Fatalf("join: %s", got)
	}
}

// An event for a room reaches its members in the namespace, on every node,
// from the moment that their Join has returned, each once, and in the sender's order;
// nobody who has left, is elsewhere, or is left out.
func TestRooms(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, roomApp)
		near := nodes[0].enter(nodes[0].login("near")).in("/chat")
		far := nodes[1].enter(nodes[0].login("far")).in("/chat")
		other := nodes[1].enter(nodes[0].login("other")).in("/chat")
		near.joins("/chat", "lobby")
		far.joins("/chat", "lobby")
		other.joins("/", "lobby")
		other.joins("/chat", "attic")
		for n := range 100 {
			near.send(fmt.Sprintf(`42/chat,%d["say","lobby","%d"]`, n, n))
		}
		var kinds []string
		for range 4 * 100 {
			event, ok := strings.CutPrefix(near.read(), `42/chat,["`)
			kind, _, _ := strings.Cut(event, `"`)
			if !ok {
				kind = "answered"
			}
			kinds = append(kinds, kind)
		}
		want := slices.Repeat([]string{"before", "said", "after", "answered"}, 100)
		if nodes[0].wired() && !slices.Equal(kinds, want) {
			t.Errorf("the sender has heard %q", kinds)
		}
		for n := range 100 {
			far.want(fmt.Sprintf(`42/chat,["said","%d"]`, n))
		}
		if got := near.askIn("/chat", `["tell","lobby","others"]`); got != "[null]" {
			t.Errorf("tell: %s", got)
		}
		far.want(`42/chat,["said","others"]`)
		if got := far.askIn("/chat", `["leave","lobby"]`); got != "[true]" {
			t.Errorf("leave: %s", got)
		}
		far.joins("/chat", "cellar")
		far.joins("/chat", "lobby")
		if got := far.askIn("/chat", `["leaveAll"]`); got != "[true]" {
			t.Errorf("leaveAll: %s", got)
		}
		near.send(`42/chat,7["say","lobby","last"]`)
		for range 4 { // on stock transports in any order
			near.read()
		}
		for _, c := range []*client{near, far, other} {
			c.still(map[*client]string{near: "near", far: "far", other: "other"}[c])
		}
		if n := len(nodes[0].sessions.Sockets(plugin.Room("lobby"), "/chat")); n != 1 {
			t.Errorf("%d sockets in the lobby", n)
		}
	})
}

// Everyone is who is in the namespace; what is sent has binaries as well as text.
func TestEveryone(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, roomApp)
		var all []*client
		for _, k := range []kind{{overWebsocket, 3}, {overPolling, 3}, {overWebsocket, 4}, {overPolling, 4}} {
			if nodes[0].wired() || k.version == 3 {
				all = append(all, nodes[len(all)%2].enterAs(k, nodes[0].login("alice")))
			}
		}
		for _, c := range all {
			c.joins("/", "heard") // and everyone before it
		}
		for _, data := range []string{"\x00\xff", "", strings.Repeat("\x04", 100_000)} {
			emit := func(args ...any) {
				t.Helper()
				if err := nodes[1].sessions.Emit(t.Context(), plugin.Everyone(), "", "said", args...); err != nil {
					t.Fatal(err)
				}
			}
			emit("u<", nil)
			emit(&parser.Buffer{Data: []byte(data)}, map[string]any{"b": &parser.Buffer{Data: []byte("x")}}, nil)
			for _, c := range all {
				c.want(`42["said","u\u003c",null]`)
				c.want(`452-["said",{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}},null]`)
				for _, want := range []string{data, "x"} {
					if p, err := c.Receive(); err != nil || !p.Binary || string(p.Data) != want {
						t.Fatalf("got %.40v, %v, want the binary %.40q", p, err, want)
					}
				}
			}
		}
		if n := len(nodes[0].sessions.Sockets(plugin.Everyone(), "/")); n != (len(all)+1)/2 {
			t.Errorf("%d of %d sockets", n, len(all))
		}
	})
}

// Members that come and go by other ways than their own Join are found soon.
func TestLook(t *testing.T) {
	t.Parallel()
	byID := make(chan socketio.Conn, 10)
	nodes := newNodes(t, 2, store.NewMemory(), plugin.Options{}, func(a *app) {
		roomApp(a)
		a.server.OnEvent("/", "raw", func(c socketio.Conn) bool { byID <- c; c.Join("raw"); return true })
	})
	mover := nodes[0].enter(nodes[0].login("mover"))
	stayer := nodes[1].enter(nodes[0].login("stayer"))
	if got := mover.ask(`["raw"]`); got != "[true]" {
		t.Fatal(got)
	}
	conn := recv(t, "the connection", byID)
	count := func(room string) int { return len(nodes[0].sessions.Sockets(plugin.Room(room), "/")) }
	eventually(t, "the look finds it", func() bool { return count("raw") == 1 })
	nodes[0].server.JoinRoom("/", "given", conn)
	eventually(t, "the look finds it in a room that it was given", func() bool { return count("given") == 1 })
	if err := nodes[1].sessions.Emit(t.Context(), plugin.Room("given"), "/", "said", 1); err != nil {
		t.Fatal(err)
	}
	mover.want(`42["said",1]`)
	mover.joins("/", "own")
	nodes[0].server.ClearRoom("/", "given")
	nodes[0].server.LeaveRoom("/", "raw", conn)
	eventually(t, "the look finds that it has left", func() bool { return count("given") == 0 && count("raw") == 0 })
	if count("own") != 1 {
		t.Error("it has left a room of its own choice")
	}
	mover.still("mover")
	stayer.still("stayer")
}

// A room may have the name of a connection. The look leaves it alone.
func TestRoomOfAConnection(t *testing.T) {
	t.Parallel()
	conns := make(chan socketio.Conn, 1)
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{}, func(a *app) {
		roomApp(a)
		a.sessions.OnEvent("/", "own", func(c socketio.Conn, _ *plugin.Session) bool { c.Join(c.ID()); conns <- c; return true })
	})
	c := nodes[0].enter(nodes[0].login("alice"))
	if got := c.ask(`["own"]`); got != "[true]" {
		t.Fatal(got)
	}
	conn := recv(t, "the connection", conns)
	nodes[0].server.JoinRoom("/", "looked", conn)
	count := func(room string) int { return len(nodes[0].sessions.Sockets(plugin.Room(room), "/")) }
	eventually(t, "there was a look", func() bool { return count("looked") == 1 })
	nodes[0].server.LeaveRoom("/", "looked", conn)
	eventually(t, "there was another", func() bool { return count("looked") == 0 })
	if count(conn.ID()) != 1 {
		t.Error("the look has undone the Join")
	}
}

// A client that comes back while its last stay ends hears nothing that was meant for that.
// Disconnect sends a room away, or everyone, in each namespace.
func TestDisconnectRoom(t *testing.T) {
	t.Parallel()
	backends(t, func(t *testing.T, b shared) {
		nodes := newNodes(t, 2, b, plugin.Options{}, roomApp)
		var members, others []*client
		for i := range 4 {
			c := nodes[i%2].enter(nodes[0].login("alice")).in("/chat")
			if i < 2 {
				c.joins("/chat", "doomed")
				members = append(members, c)
			} else {
				others = append(others, c)
			}
		}
		if err := nodes[0].sessions.Disconnect(t.Context(), plugin.Room("doomed"), &plugin.Refusal{Code: "banned", Message: "Go."}); err != nil {
			t.Fatal(err)
		}
		for _, c := range members {
			if why := c.expelled("/chat"); !strings.Contains(why, `"banned"`) {
				t.Errorf("sent away with %s", why)
			}
		}
		for _, c := range others {
			c.still("alice")
		}
		if err := nodes[1].sessions.Disconnect(t.Context(), plugin.Everyone(), nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range others {
			for got := ""; got != "closed"; {
				got = c.read()
			}
		}
	})
}

// A node without members hears nothing, and one whose members have left nothing more.
func TestTopics(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	nodes := newNodes(t, 1, redisstore.New(server.Pool()), plugin.Options{}, roomApp)
	channels := func() (n int) {
		conn := server.Pool().Get()
		defer conn.Close()
		all, err := conn.Do("PUBSUB", "CHANNELS", "*said:?*")
		if err != nil {
			t.Fatal(err)
		}
		return len(all.([]any))
	}
	c := nodes[0].enter(nodes[0].login("alice"))
	eventually(t, "its session and everyone", func() bool { return channels() == 2 })
	c.joins("/", "a")
	c.joins("/", "b")
	if n := channels(); n != 4 {
		t.Errorf("%d channels in two rooms", n)
	}
	if got := c.ask(`["leave","a"]`); got != "[true]" {
		t.Error(got)
	}
	eventually(t, "one is left", func() bool { return channels() == 3 })
	c.HangUp()
	eventually(t, "nothing is heard", func() bool { return channels() == 0 })
}

// What cannot be sent is an error, and this node is served.
func TestEmitElsewhereFails(t *testing.T) {
	t.Parallel()
	a := newApp(t, store.Wrap(memstore.NewWithCleanupInterval(0)), plugin.Options{}, roomApp)
	c := a.enter(a.login("alice"))
	c.joins("/", "lobby")
	if err := a.sessions.Emit(t.Context(), plugin.Room("lobby"), "/", "said", 1); !errors.Is(err, plugin.ErrUnheard) {
		t.Errorf("around a store that cannot tell: %v", err)
	}
	c.want(`42["said",1]`)
	if err := a.sessions.Emit(t.Context(), plugin.Target{}, "/", "said", 1); err == nil {
		t.Error("nobody is no error")
	}
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{}, roomApp)
	c = nodes[0].enter(nodes[0].login("alice"))
	c.joins("/", "lobby")
	if err := nodes[0].sessions.Emit(t.Context(), plugin.Room("lobby"), "/", "long", strings.Repeat("x", store.MaxNoteBytes)); !errors.Is(err, plugin.ErrNoteTooLarge) {
		t.Errorf("too large: %v", err)
	}
	c.SkipTo(`42["long"`)
}

// A session that has ended gets nothing, though its socket may be there for a moment.
// The order that one handler makes holds also for binaries, and where somebody else has
// emitted to the client.
// The order holds over namespaces, which share what waits for earlier events.
