package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// refusing returns a function that refuses.
func refusing(data string, back bool) func(*Conn, string) {
	return func(c *Conn, namespace string) {
		var raw json.RawMessage
		if data != "" {
			raw = json.RawMessage(data)
		}
		c.Refuse(namespace, `not "you"`, raw, back)
	}
}

// refusedBy returns the packet that a refused client gets.
func refusedBy(namespace, data string, version int) string {
	head := "4" + prefix(kindError, namespace)
	switch {
	case version == 4 && data == "":
		return head + `{"message":"not \"you\""}`
	case version == 4:
		return head + `{"message":"not \"you\"","data":` + data + `}`
	case data == "":
		return head + `"not \"you\""`
	}
	return head + data
}

// asking returns a host with gated namespaces, and a client that has asked for
// the first of some.
func asking(t *testing.T, transport string, version int, namespace string) (h *host, c caller, asked chan *Conn, decide chan func(*Conn, string), d *diary) {
	t.Helper()
	asked, decide, d = make(chan *Conn, 1), make(chan func(*Conn, string)), &diary{}
	h = newHost(t, Options{}, func(h *host) {
		for _, namespace := range []string{"/", "/chat", "/other"} {
			d.watch(h, namespace)
			h.gate(namespace, asked, decide)
		}
	})
	c = h.dial(transport, version)
	if version == 4 || namespace != "/" {
		h.say(c, "4"+prefix(kindConnect, namespace))
	}
	return h, c, asked, decide, d
}

// A client that the root refuses gets no CONNECT. If it is refused for good, it
// has time to hang up and gets the same refusal from every namespace; then the
// connection ends. If it may reconnect, it gets no DISCONNECT, and the connection
// ends at once.
func TestRefuseRoot(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", `{"code":"unknown"}`} {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %t", data, back), func(t *testing.T) {
				t.Parallel()
				kinds(t, func(t *testing.T, transport string, version int) {
					h, c, asked, decide, d := asking(t, transport, version, "/")
					conn := <-asked
					h.server.BroadcastToNamespace("/", "never seen")
					decide <- refusing(data, back)
					h.hear(c, refusedBy("/", data, version))
					if !back {
						h.hear(c, "41")
						for _, namespace := range []string{"/chat", "/"} {
							h.say(c, "4"+prefix(kindConnect, namespace))
							h.hear(c, refusedBy(namespace, data, version), "4"+bare(kindDisconnect, namespace))
						}
						h.say(c, `421["echo","a"]`)
					}
					h.hearEnd(c)
					<-conn.Done()
					if conn.Reason() != ReasonServer {
						t.Errorf("it has ended for %q", conn.Reason())
					}
					eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == 0 })
					if got := d.String(); got != "+/ -/" {
						t.Errorf("handlers: %s", got)
					}
				})
			})
		}
	}
}

// A client that another namespace refuses stays where it is, and may ask again.
func TestRefuseNamespace(t *testing.T) {
	t.Parallel()
	for _, back := range []bool{false, true} {
		t.Run(fmt.Sprint(back), func(t *testing.T) {
			t.Parallel()
			kinds(t, func(t *testing.T, transport string, version int) {
				h, c, asked, decide, d := asking(t, transport, version, "/")
				<-asked
				decide <- (*Conn).Admit
				h.hear(c, connected("/", version))
				for range 2 {
					h.say(c, "40/chat", `42/chat,1["echo","dropped"]`)
					<-asked
					decide <- refusing(`{"why":1}`, back)
					h.hear(c, refusedBy("/chat", `{"why":1}`, version))
					h.say(c, `42/chat,2["echo","dropped"]`, `423["echo","here"]`)
					h.hear(c, `433["here"]`)
				}
				h.say(c, "40/chat")
				<-asked
				decide <- (*Conn).Admit
				h.hear(c, connected("/chat", version))
				if got := d.String(); got != "+/ +/chat -/chat +/chat -/chat +/chat" {
					t.Errorf("handlers: %s", got)
				}
			})
		})
	}
}

// A version 4 client that has asked for nothing else is in no namespace when it
// is refused. The connection ends.
func TestRefuseOnlyNamespace(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{namePolling, nameWebsocket} {
		for _, back := range []bool{false, true} {
			t.Run(fmt.Sprint(transport, back), func(t *testing.T) {
				t.Parallel()
				h, c, asked, decide, _ := asking(t, transport, 4, "/chat")
				conn := <-asked
				decide <- refusing("", back)
				h.hear(c, refusedBy("/chat", "", 4))
				if !back {
					h.hear(c, "41/chat")
				}
				h.hearEnd(c)
				<-conn.Done()
			})
		}
	}
}

// A client that hangs up before the decision leaves nothing behind.
func TestRefuseTooLate(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h, c, asked, decide, _ := asking(t, transport, version, "/")
		conn := <-asked
		if transport == namePolling {
			h.say(c, "1")
		} else {
			c.HangUp()
		}
		<-conn.Done()
		decide <- refusing("", false)
		eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == 0 && h.wire.Len() == 0 })
	})
}

// Clients can read the refusal even if the message is no UTF-8 or the data are no
// JSON.
func TestRefusalPacket(t *testing.T) {
	t.Parallel()
	for version := 3; version <= 4; version++ {
		for _, packet := range []string{
			refusalText(version, "/", "\xff\u2028</script>", nil),
			refusalText(version, "/", "why", json.RawMessage(`{"a":[1,"é"]}`)),
			refusalText(version, "/chat", "why", json.RawMessage(`null`)),
		} {
			data := strings.TrimPrefix(strings.TrimPrefix(packet, "44"), "/chat,")
			if !json.Valid([]byte(data)) {
				t.Errorf("version %d: %s", version, packet)
			}
		}
	}
}
