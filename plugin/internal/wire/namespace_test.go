package wire

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
)

// A diary lists the calls of go-socket.io's handlers, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, " ")
}

// watch notes when clients enter and leave a namespace.
func (d *diary) watch(h *host, namespace string) {
	h.server.OnConnect(namespace, func(socketio.Conn) error { d.add("+" + namespace); return nil })
	h.server.OnDisconnect(namespace, func(socketio.Conn, string) { d.add("-" + namespace) })
}

// connected returns the CONNECT of a namespace, without the socket's id.
func connected(namespace string, version int) string {
	head := "4" + prefix(kindConnect, namespace)
	if version == 4 {
		return head + `{"sid":"*`
	}
	return strings.TrimSuffix(head, ",")
}

// go-socket.io enters a namespace without a gate once, however often the client
// asks for it. The client can leave it and enter again.
func TestNamespace(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		d := &diary{}
		h := newHost(t, Options{}, func(h *host) { d.watch(h, "/"); d.watch(h, "/chat") })
		c := h.call(transport, version)
		h.say(c, `42/chat,["echo","not there"]`, `42/chat,1["echo","not there"]`, `41/chat`)
		h.say(c, "40/chat?a=b,", "40/chat", "40", "40/chat", `42/chat,2["echo","in"]`)
		h.hear(c, connected("/chat", version), `43/chat,2["in"]`)
		if got := h.conn(c).query("/chat"); got != "a=b" {
			t.Errorf("query %q", got)
		}
		h.say(c, "41/chat", `42/chat,3["echo","out"]`, "41/chat", "40/chat", `42/chat,4["echo","back"]`)
		h.hear(c, connected("/chat", version), `43/chat,4["back"]`)
		h.say(c, "41", `425["echo","out"]`, "40", "40", `426["echo","back"]`, `42/chat,7["echo","still in"]`)
		h.hear(c, connected("/", version), `436["back"]`, `43/chat,7["still in"]`)
		c.HangUp()
		const start = "+/ +/chat -/chat +/chat -/ +/ -"
		eventually(t, "all is left", func() bool { return len(d.String()) == len(start+"/ -/chat") })
		if got := d.String(); got != start+"/ -/chat" && got != start+"/chat -/" {
			t.Errorf("handlers: %s", got)
		}
	})
}

// A namespace that the server does not have is refused. The connection goes on.
func TestNamespaceUnknown(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(transport, version)
		h.say(c, "40/nosuch", `42/nosuch,1["echo","a"]`, "41/nosuch", `43/nosuch,1[]`, `422["echo","a"]`)
		refused := `44/nosuch,"Invalid namespace"`
		if version == 4 {
			refused = `44/nosuch,{"message":"Invalid namespace"}`
		}
		h.hear(c, refused, `432["a"]`)
	})
}

// The number of a connection's namespaces is bounded.
func TestNamespacesTooMany(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{MaxNamespaces: 3, Logger: quiet}, func(h *host) {
			for n := range 5 {
				h.server.OnConnect(fmt.Sprint("/", n), func(socketio.Conn) error { return nil })
			}
		})
		c := h.call(transport, version)
		conn := h.conn(c)
		h.say(c, "40/0", "40/1")
		h.hear(c, connected("/0", version), connected("/1", version))
		h.say(c, "41/0", "40/2")
		h.hear(c, connected("/2", version))
		_ = c.Try("40/3")
		<-conn.Done()
		if conn.Reason() != ReasonError {
			t.Errorf("it has ended for %q", conn.Reason())
		}
	})
}

// A client that keeps asking for namespaces is disconnected, whether they exist
// or not, and whether it leaves them or not.
func TestNamespaceFlood(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"known": {"40/chat", "41/chat"}, "unknown": {"40/nosuch"}, "root": {"41", "40"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, transport string, version int) {
				h := newHost(t, Options{MaxNamespaces: 5, Logger: quiet}, nil)
				c := h.call(transport, version)
				conn := h.conn(c)
				for late := time.Now().Add(patience); conn.Reason() == ""; {
					if time.Now().After(late) {
						t.Fatal("it goes on and on")
					}
					_ = c.Try(lines...)
				}
				<-conn.Done()
				if conn.Reason() != ReasonError {
					t.Errorf("it has ended for %q", conn.Reason())
				}
			})
		})
	}
}

// A version 4 client need not enter the root. go-socket.io does so by itself, and
// the client gets nothing of it.
func TestNamespaceWithoutRoot(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{namePolling, nameWebsocket} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, Options{}, nil)
			c := h.dial(transport, 4)
			h.say(c, "40/chat", `421["echo","not there"]`)
			h.hear(c, connected("/chat", 4))
			h.server.BroadcastToNamespace("/", "news")
			h.say(c, `42/chat,2["echo","there"]`)
			h.hear(c, `43/chat,2["there"]`)
			h.say(c, "40", `423["echo","there too"]`)
			h.hear(c, connected("/", 4), `433["there too"]`)
		})
	}
}

// A version 4 client gets an id for each namespace, which is not the transport's
// id.
func TestSocketIDs(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	seen := make(map[string]bool)
	for range 2 {
		c := h.dial(nameWebsocket, 4)
		h.say(c, "40", "40/chat")
		for range 2 {
			packet, err := c.Read()
			if err != nil {
				t.Fatal(err)
			}
			_, id, _ := strings.Cut(packet, `{"sid":"`)
			id = strings.TrimSuffix(id, `"}`)
			if len(id) != 20 || seen[id] || strings.Contains(id, c.ID) {
				t.Errorf("socket id %q of connection %q", id, c.ID)
			}
			seen[id] = true
		}
	}
}

// A gated namespace waits for Admit, and so does everything emitted and sent
// meanwhile: first comes CONNECT, then what was emitted, then the answers.
func TestAdmit(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		asked, decide := make(chan *Conn, 1), make(chan func(*Conn, string))
		h := newHost(t, Options{}, func(h *host) {
			for _, namespace := range []string{"/", "/chat"} {
				h.gate(namespace, asked, decide)
			}
		})
		c := h.dial(transport, version)
		for n, namespace := range []string{"/", "/chat"} {
			if n > 0 || version == 4 {
				h.say(c, "4"+prefix(kindConnect, namespace))
			}
			conn := <-asked
			event := "4" + prefix(kindEvent, namespace) + `1["echo","early"]`
			h.say(c, event, "4"+bare(kindConnect, namespace))
			h.server.BroadcastToNamespace(namespace, "hello")
			decide <- (*Conn).Admit
			h.hear(c, connected(namespace, version), "4"+prefix(kindEvent, namespace)+`["hello"]`, "4"+prefix(kindAck, namespace)+`1["early"]`)
			conn.Admit(namespace) // again, and of none: nothing
			conn.Admit("/nosuch")
			conn.Refuse(namespace, "too late", nil, false)
			conn.Await(namespace)
			conn.Await("/nosuch")
		}
		h.say(c, "41/chat", "40/chat")
		<-asked
		decide <- (*Conn).Admit
		h.hear(c, connected("/chat", version))
	})
}

// gate gates a namespace. It sends a Conn that asks for the namespace to asked,
// and runs a function from decide.
func (h *host) gate(namespace string, asked chan<- *Conn, decide <-chan func(*Conn, string)) {
	h.wire.Gate(namespace)
	h.server.OnEvent(namespace, OpenEvent, func(c socketio.Conn) {
		conn := h.wire.Find(c.ID())
		asked <- conn
		(<-decide)(conn, namespace)
		conn.Await(namespace)
	})
}

// Clients cannot send OpenEvent.
func TestOpenEventIsOurs(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{Logger: quiet}, func(h *host) {
			h.server.OnEvent("/", OpenEvent, func(socketio.Conn) { t.Error("a client has sent it") })
			h.server.OnEvent("/", answerEvent, func(socketio.Conn) { t.Error("a client has sent it") })
		})
		for _, packet := range []string{`42["\u0000open"]`, `42["\u0000answer"]`, `421["\u0000open"]`, `42/chat,["\u0000open"]`} {
			c := h.call(transport, version)
			conn := h.conn(c)
			_ = c.Try(packet)
			<-conn.Done()
		}
	})
}

// A client that asks for a namespace and a broadcast to it do not block each
// other. Once both waited for each other, and the namespace froze.
func TestNamespaceBesideBroadcasts(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{MaxQueueBytes: 1 << 30}, nil)
		over := make(chan struct{})
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						h.server.BroadcastToNamespace([]string{"/", "/chat"}[n%2], "news")
					}
				}
			})
		}
		for range 10 {
			c := h.dial(nameWebsocket, version)
			h.say(c, "40", "40/chat", "41/chat", "40/chat", `421["echo","last"]`)
			for got := ""; got != `431["last"]`; {
				var err error
				if got, err = c.Read(); err != nil {
					t.Fatal(err)
				}
			}
			c.HangUp()
		}
		close(over)
		all.Wait()
	})
}
