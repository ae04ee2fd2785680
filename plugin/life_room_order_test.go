package plugin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func TestRoomAfterLeaving(t *testing.T) {
	t.Parallel()
	leaving, left := make(chan bool), make(chan bool)
	options := plugin.Options{Transport: transport.New(transport.Options{Logger: discard})}
	nodes := newNodes(t, 1, store.NewMemory(), options, func(a *app) {
		roomApp(a)
		a.sessions.OnDisconnect("/chat", func(socketio.Conn, *plugin.Session, string) { leaving <- true; <-left })
	})
	cookie := nodes[0].login("alice")
	c := nodes[0].enter(cookie).in("/chat")
	c.send("41/chat,")
	recv(t, "OnDisconnect", leaving)
	c.send("40/chat,")
	id := plugin.ID(idOf(cookie))
	if n := len(nodes[0].sessions.Sockets(id, "/chat")); n != 0 {
		t.Errorf("%d sockets of a client that has left", n)
	}
	if err := nodes[0].sessions.Emit(t.Context(), id, "/chat", "old"); err != nil {
		t.Fatal(err)
	}
	left <- true
	c.enters("/chat")
	if err := nodes[0].sessions.Emit(t.Context(), id, "/chat", "new"); err != nil {
		t.Fatal(err)
	}
	c.want(`42/chat,["new"]`)
	c.HangUp()
	recv(t, "OnDisconnect", leaving)
	left <- true
}

func TestRoomAfterTheEnd(t *testing.T) {
	t.Parallel()
	told := make(chan bool)
	nodes := newNodes(t, 1, store.NewMemory(), plugin.Options{}, func(a *app) {
		roomApp(a)
		a.sessions.OnInvalid("/", func(socketio.Conn, *plugin.Refusal) { told <- true; <-told })
	})
	cookie := nodes[0].login("alice")
	c := nodes[0].enter(cookie)
	c.joins("/", "lobby")
	nodes[0].get(cookie, "/destroy")
	recv(t, "OnInvalid", told)
	if err := nodes[0].sessions.Emit(t.Context(), plugin.Room("lobby"), "/", "said", 1); err != nil {
		t.Fatal(err)
	}
	told <- true
	c.expelled("/")
}

func TestRoomOrder(t *testing.T) {
	t.Parallel()
	options := plugin.Options{Transport: transport.New(transport.Options{Logger: discard})}
	nodes := newNodes(t, 1, store.NewMemory(), options, func(a *app) {
		roomApp(a)
		a.sessions.OnEvent("/", "mix", func(c socketio.Conn, _ *plugin.Session, n int) int {
			for i := range 3 {
				c.Emit("own", &parser.Buffer{Data: []byte{byte(n), byte(i)}})
				for range i {
					if err := a.sessions.Emit(context.Background(), plugin.Room("mix"), "/", "room", &parser.Buffer{Data: []byte{byte(n), byte(i)}}); err != nil {
						a.Error(err)
					}
				}
			}
			return n
		})
	})
	c := nodes[0].enter(nodes[0].login("alice"))
	c.joins("/", "mix")
	noise := make(chan bool)
	go func() {
		defer close(noise)
		for range 200 {
			_ = nodes[0].sessions.Emit(context.Background(), plugin.Everyone(), "/", "noise")
		}
	}()
	for n := range 50 {
		c.send(fmt.Sprintf(`42%d["mix",%d]`, n, n))
	}
	var got []string
	for len(got) < 50*7 {
		switch p := c.read(); {
		case p == `42["noise"]`:
		case strings.HasPrefix(p, "43"):
			got = append(got, p)
		default:
			binary, err := c.Receive()
			if err != nil || !binary.Binary {
				t.Fatalf("%s instead of a binary, %v", binary, err)
			}
			name := map[bool]string{true: "own", false: "room"}[strings.Contains(p, "own")]
			got = append(got, fmt.Sprintf("%s %v", name, binary.Data))
		}
	}
	<-noise
	var want []string
	for n := range 50 {
		for i := range 3 {
			want = append(want, fmt.Sprintf("own [%d %d]", n, i))
			for range i {
				want = append(want, fmt.Sprintf("room [%d %d]", n, i))
			}
		}
		want = append(want, fmt.Sprintf("43%d[%d]", n, n))
	}
	if !slices.Equal(got, want) {
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("at %d: got %q, want %q", i, got[i:min(len(got), i+5)], want[i:min(len(want), i+5)])
			}
		}
	}
}

func TestOrderOverNamespaces(t *testing.T) {
	t.Parallel()
	options := plugin.Options{Transport: transport.New(transport.Options{Logger: discard})}
	nodes := newNodes(t, 1, store.NewMemory(), options, func(a *app) {
		roomApp(a)
		a.sessions.OnEvent("/", "poke", func(c socketio.Conn, _ *plugin.Session) { c.Emit("poked") })
		a.sessions.OnEvent("/chat", "go", func(c socketio.Conn, s *plugin.Session) {
			for _, to := range []struct{ namespace, event string }{{"/", "x"}, {"/chat", "y"}} {
				if err := a.sessions.Emit(context.Background(), plugin.ID(s.ID()), to.namespace, to.event); err != nil {
					a.Error(err)
				}
			}
			c.Emit("z")
		})
	})
	c := nodes[0].enter(nodes[0].login("alice")).in("/chat")
	for range 100 {
		c.send(`42["poke"]`)
		c.send(`42/chat,["go"]`)
		for _, want := range []string{`42["poked"]`, `42["x"]`, `42/chat,["y"]`, `42/chat,["z"]`} {
			c.want(want)
		}
	}
}
