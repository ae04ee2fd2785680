package wire

import (
	"encoding/json"
	"fmt"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

func farewellOf(back bool) Farewell {
	return Farewell{
		Event: "sinvalid", Data: json.RawMessage(`{"code":"destroyed"}`),
		Answer: json.RawMessage(`{"error":"gone"}`), Back: back,
	}
}

// A guest is a client in some namespaces.
type guest struct {
	*host
	caller
	conn           *Conn
	started, ended chan bool
}

// inside returns a guest.
func inside(t *testing.T, transport string, version int, namespaces ...string) guest {
	t.Helper()
	g := guest{started: make(chan bool), ended: make(chan bool)}
	g.host = newHost(t, Options{}, func(h *host) {
		for _, namespace := range []string{"/", "/chat", "/other"} {
			h.server.OnConnect(namespace, func(socketio.Conn) error { return nil })
			h.server.OnEvent(namespace, "block", func(socketio.Conn) { g.started <- true; <-g.ended })
		}
	})
	g.caller = g.dial(transport, version)
	for _, namespace := range namespaces {
		if version == 4 || namespace != "/" {
			g.says("4" + prefix(kindConnect, namespace))
		}
		g.hears(connected(namespace, version))
	}
	g.conn = g.host.conn(g.caller)
	return g
}

func (g guest) says(lines ...string)  { g.Helper(); g.say(g.caller, lines...) }
func (g guest) hears(lines ...string) { g.Helper(); g.hear(g.caller, lines...) }

// meanwhile runs a function while go-socket.io handles no packet of the client.
func (g guest) meanwhile(happens func()) {
	g.Helper()
	g.says(`42["block"]`)
	<-g.started
	happens()
	g.ended <- true
}

// A client that the root expels gets the reason as its last event. Its later
// events get the farewell's answer. Then it gets a DISCONNECT for every
// namespace, and the connection ends.
func TestExpelFromRoot(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		g := inside(t, transport, version, "/", "/chat")
		var out func()
		g.meanwhile(func() {
			g.says(`421["echo","too late"]`, `42["echo","not asked"]`, `452-3["buf",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
			if err := g.Send(rawclient.Packet{Binary: true, Data: []byte("a")}, rawclient.Packet{Binary: true, Data: []byte("b")}); err != nil {
				t.Fatal(err)
			}
			g.says(`42/chat,4["echo","still in"]`)
			out = g.conn.Expel("/", farewellOf(false))
			if g.conn.Expel("/", farewellOf(true)) != nil {
				t.Error("expelled twice")
			}
			g.server.BroadcastToNamespace("/", "never seen")
		})
		g.hears(`42["sinvalid",{"code":"destroyed"}]`, `431[{"error":"gone"}]`, `433[{"error":"gone"}]`, `43/chat,4["still in"]`)
		out()
		g.hears("41", "41/chat")
		g.HearEnd()
		<-g.conn.Done()
		if g.conn.Reason() != ReasonServer {
			t.Errorf("it has ended for %q", g.conn.Reason())
		}
		eventually(t, "go-socket.io forgets it", func() bool { return g.server.Count() == 0 })
	})
}

// An expelled client that may reconnect gets the reason and no DISCONNECT, and
// the connection ends, whichever namespace has expelled it.
func TestExpelToComeBack(t *testing.T) {
	t.Parallel()
	for _, namespace := range []string{"/", "/chat"} {
		t.Run(namespace, func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, transport string, version int) {
				g := inside(t, transport, version, "/", "/chat")
				out := g.conn.Expel(namespace, farewellOf(true))
				g.hears("4" + prefix(kindEvent, namespace) + `["sinvalid",{"code":"destroyed"}]`)
				out()
				g.HearEnd()
				<-g.conn.Done()
			})
		})
	}
}

// A client that another namespace expels stays in its other namespaces, and may
// enter again.
func TestExpelFromNamespace(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		g := inside(t, transport, version, "/", "/chat")
		for n := range 2 {
			var out func()
			g.meanwhile(func() {
				g.says(fmt.Sprintf(`42/chat,%d["echo","too late"]`, n))
				out = g.conn.Expel("/chat", farewellOf(false))
				g.server.BroadcastToNamespace("/chat", "never seen")
			})
			g.hears(`42/chat,["sinvalid",{"code":"destroyed"}]`, fmt.Sprintf(`43/chat,%d[{"error":"gone"}]`, n))
			out()
			g.hears("41/chat")
			g.says(`421["echo","still in"]`, "40/chat", `42/chat,2["echo","back"]`)
			g.hears(`431["still in"]`, connected("/chat", version), `43/chat,2["back"]`)
		}
	})
}

// The connection of a version 4 client ends when its last namespace expels it.
func TestExpelFromLastNamespace(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{namePolling, nameWebsocket} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			g := inside(t, transport, 4, "/chat", "/other")
			g.conn.Expel("/other", farewellOf(false))()
			g.hears(`42/other,["sinvalid",{"code":"destroyed"}]`, "41/other")
			g.conn.Expel("/chat", farewellOf(false))()
			g.hears(`42/chat,["sinvalid",{"code":"destroyed"}]`, "41/chat")
			g.HearEnd()
		})
	}
}

// A client that leaves by itself when it gets the reason gets no DISCONNECT, and
// may enter again at once.
func TestExpelHeardAtOnce(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		g := inside(t, transport, version, "/", "/chat")
		var out func()
		g.meanwhile(func() {
			g.says("41/chat", "40/chat")
			out = g.conn.Expel("/chat", farewellOf(true))
		})
		g.hears(`42/chat,["sinvalid",{"code":"destroyed"}]`, connected("/chat", version))
		out()                                      // of the first stay
		g.conn.Expel("/chat", farewellOf(false))() // of the second
		g.hears(`42/chat,["sinvalid",{"code":"destroyed"}]`, "41/chat")
		g.says(`421["echo","still in"]`)
		g.hears(`431["still in"]`)
	})
}

// Expel does nothing for a client that is not in the namespace.
func TestExpelNobody(t *testing.T) {
	t.Parallel()
	g := inside(t, nameWebsocket, 4, "/chat")
	for _, namespace := range []string{"/", "/nosuch"} {
		if g.conn.Expel(namespace, farewellOf(false)) != nil {
			t.Errorf("expelled from %s", namespace)
		}
	}
	g.says(`42/chat,1["echo","still in"]`)
	g.hears(`43/chat,1["still in"]`)
	g.conn.lose(ReasonClosed)
	if g.conn.Expel("/chat", farewellOf(false)) != nil {
		t.Error("expelled when it was over")
	}
	g.conn.Refuse("/other", "why", nil, false)
	g.conn.Admit("/other")
}
