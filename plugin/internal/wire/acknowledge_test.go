package wire

import (
	"fmt"
	"math"
	"sync"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
)

// argOf returns the number that an event of ours came with.
func argOf(event Event) (n int) {
	_, _ = fmt.Sscanf(string(event.Args), ",%d]", &n)
	return n
}

// owner returns a host whose events "own" and "behind" call Acknowledge and
// AcknowledgeBehind.
func owner(t *testing.T) *host {
	t.Helper()
	return newHost(t, Options{}, func(h *host) {
		for _, namespace := range []string{"/", "/chat"} {
			var conns sync.Map // by id
			h.server.OnConnect(namespace, func(c socketio.Conn) error { conns.Store(c.ID(), c); return nil })
			h.wire.Own(namespace, "own", func(conn *Conn, event Event) {
				n := argOf(event)
				for range 2 { // the second time it does nothing
					if err := conn.Acknowledge(n, "text", nil, true); err != nil {
						t.Error(err)
					}
				}
			})
			h.wire.Own(namespace, "behind", func(conn *Conn, event Event) {
				n := argOf(event)
				found, _ := conns.Load(conn.ID())
				c := found.(socketio.Conn)
				for i := range 3 {
					c.Emit("said", n, i)
				}
				for range 2 {
					if err := conn.AcknowledgeBehind(c.Emit, n); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
}

// The client gets each acknowledgement that it has asked for once, in the order
// of the events, and no other.
func TestAcknowledge(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := owner(t)
		c := h.call(transport, version)
		h.say(c, "40/chat")
		h.hear(c, connected("/chat", version))
		for n := range 50 {
			h.say(c, fmt.Sprintf(`42["own",%d]`, n), fmt.Sprintf(`42%d["own",%d]`, n, n), fmt.Sprintf(`42/chat,%d["own",%d]`, n, n))
			h.hear(c, fmt.Sprintf(`43%d[%d,"text",null,true]`, n, n), fmt.Sprintf(`43/chat,%d[%d,"text",null,true]`, n, n))
		}
		h.say(c, `425["own",1]`, `425["own",2]`, `429007199254740992["own",3]`)
		h.hear(c, `435[1,"text",null,true]`, `435[2,"text",null,true]`, `439007199254740992[3,"text",null,true]`)
	})
}

// AcknowledgeBehind answers after everything that its handler has emitted, and
// before what the next handler emits.
func TestAcknowledgeBehind(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := owner(t)
		c := h.call(transport, version)
		const rounds = 50
		var lines []string
		for n := range rounds {
			lines = append(lines, fmt.Sprintf(`42%d["behind",%d]`, n, n), fmt.Sprintf(`42["behind",%d]`, n))
		}
		h.say(c, lines...)
		said := func(n int) {
			for i := range 3 {
				h.hear(c, fmt.Sprintf(`42["said",%d,%d]`, n, i))
			}
		}
		for n := range rounds {
			said(n)
			h.hear(c, fmt.Sprintf(`43%d[%d]`, n, n))
			said(n) // and no acknowledgement
		}
	})
}

// An acknowledgement may contain everything that go-socket.io encodes. When
// encoding fails, the handler may answer something else.
func TestAcknowledgeValues(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		values := map[string][]any{
			"none":  {},
			"plain": {"a", 1, -1, true, nil},
			"texts": {`"quoted"`, `back\slash`, "line\nfeed", "<html>&", "é", ""},
			"more":  {1.5, []int{1, 2}, map[string]any{"a": nil}, struct{ A, b int }{1, 2}, uint8(3)},
			"file":  {"name", &parser.Buffer{Data: everyByte()}},
		}
		h := newHost(t, Options{}, func(h *host) {
			for name, all := range values {
				h.wire.Own("/", name, func(conn *Conn, _ Event) {
					if err := conn.Acknowledge(all...); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
			h.wire.Own("/", "bad", func(conn *Conn, _ Event) {
				nobody := func(string, ...any) {}
				if conn.Acknowledge(math.NaN()) == nil || conn.AcknowledgeBehind(nobody, func() {}) == nil {
					t.Error("no error")
				}
				if err := conn.Acknowledge("sorry"); err != nil {
					t.Error(err)
				}
			})
		})
		c := h.call(transport, version)
		h.say(c, `421["none"]`, `422["plain"]`, `423["texts"]`, `424["more"]`, `425["file"]`)
		accent := "é"
		if transport == namePolling && version == 3 {
			accent = `\u00e9`
		}
		h.hear(c, `431[]`, `432["a",1,-1,true,null]`,
			`433["\"quoted\"","back\\slash","line\nfeed","\u003chtml\u003e\u0026","`+accent+`",""]`,
			`434[1.5,[1,2],{"a":null},{"A":1},3]`, `461-5["name",{"_placeholder":true,"num":0}]`)
		h.hearBinary(c, everyByte())
		h.say(c, `426["bad"]`)
		h.hear(c, `436["sorry"]`)
	})
}

// The client gets acknowledgements of go-socket.io once if it has asked for them,
// and otherwise never.
func TestAcknowledgeByResults(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, nil)
		c := h.call(transport, version)
		h.say(c, `42["echo","not asked"]`, `421["echo","a"]`, `421["echo","b"]`, `42["number",1]`, `422["number",2]`)
		h.hear(c, `431["a"]`, `431["b"]`, `432[2]`)
		for n := range 2 * maxAwaited { // some are never given
			h.say(c, fmt.Sprintf(`42%d["nosuch"]`, n))
		}
		h.say(c, `423["echo","c"]`)
		for got := ""; got != `433["c"]`; {
			var err error
			if got, err = c.Read(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Clients acknowledge an event that was emitted with a callback once, in its
// namespace.
func TestAcknowledgeByClient(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		answers := make(chan string, 10)
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "start", func(c socketio.Conn) {
				c.Emit("ask", 1, func(text string) { answers <- text })
			})
		})
		c := h.call(transport, version)
		h.say(c, `42["start"]`)
		h.hear(c, `421["ask",1]`)
		h.say(c, `43/chat,1["from nowhere"]`, `432["to another"]`, `431["yes"]`, `431["again"]`, `421["echo","after"]`)
		h.hear(c, `431["after"]`)
		if got := <-answers; got != "yes" || len(answers) > 0 {
			t.Errorf("got %q, and %d more", got, len(answers))
		}
	})
}

// An acknowledgement after the end of the connection does nothing.
func TestAcknowledgeTooLate(t *testing.T) {
	t.Parallel()
	acknowledged := make(chan error, 2)
	h := newHost(t, Options{}, func(h *host) {
		h.wire.Own("/", "late", func(conn *Conn, _ Event) {
			conn.lose(ReasonClosed)
			<-conn.Done()
			acknowledged <- conn.AcknowledgeBehind(func(string, ...any) {}, "late")
			acknowledged <- conn.Acknowledge("late")
		})
	})
	h.say(h.call(nameWebsocket, 3), `421["late"]`)
	for range 2 {
		if err := <-acknowledged; err != nil {
			t.Error(err)
		}
	}
}
