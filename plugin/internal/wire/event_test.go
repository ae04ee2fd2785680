package wire

import (
	"fmt"
	"sync"
	"testing"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// An EventHandler gets what follows the event's name, and the attachments, whatever the
// name and the spaces. It runs in order with what go-socket.io handles, never beside it.
func TestOwn(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		var running sync.Mutex
		var got []string
		note := func(text string) {
			if !running.TryLock() {
				t.Error("two handlers of a connection run at once")
				return
			}
			defer running.Unlock()
			got = append(got, text)
		}
		h := newHost(t, Options{}, func(h *host) {
			for _, name := range []string{"own", "a,b]c", `quo"ted`, ""} {
				h.wire.Own("/", name, func(conn *Conn, event Event) {
					note(fmt.Sprintf("%s:%s%q", name, event.Args, event.Attachments))
				})
			}
			h.server.OnEvent("/", "theirs", func(_ socketio.Conn, n int) int { note(fmt.Sprint("theirs:", n)); return n })
			h.server.OnEvent("/", "own", func(socketio.Conn) { t.Error("go-socket.io has got it") })
		})
		c := h.call(transport, version)
		h.say(c, `42["own",1,"a"]`, `421["theirs",1]`, `42[ "own" , 2 ]`, `42["a,b]c"]`, `42["quo\"ted",3]`, `42["",{"a":[1]}]`)
		h.say(c, `452-["own",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`)
		if err := c.Send(rawclient.Packet{Binary: true, Data: []byte("x")}, rawclient.Packet{Binary: true, Data: []byte("y")}); err != nil {
			t.Fatal(err)
		}
		h.say(c, `422["theirs",2]`)
		h.hear(c, `431[1]`, `432[2]`)
		want := []string{
			`own:,1,"a"][]`, "theirs:1", `own: , 2 ][]`, `a,b]c:][]`, `quo"ted:,3][]`, `:,{"a":[1]}][]`,
			`own:,{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]["x" "y"]`, "theirs:2",
		}
		running.Lock()
		defer running.Unlock()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
	})
}

// A connection that go-socket.io closes while an event is handled handles no further
// one.
func TestOwnWhileShut(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		handled := make(chan bool, 3)
		started, held := make(chan bool), make(chan bool)
		h := newHost(t, Options{}, func(h *host) {
			h.wire.Own("/", "own", func(*Conn, Event) { started <- true; <-held; handled <- true })
		})
		c := h.call(transport, version)
		conn := h.conn(c)
		h.say(c, `42["own"]`)
		<-started
		h.say(c, `42["own"]`, `42["own"]`)
		eventually(t, "they wait", func() bool {
			conn.mu.Lock()
			defer conn.mu.Unlock()
			return conn.in.messages.len() == 2
		})
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		held <- true
		eventually(t, "go-socket.io forgets it", func() bool { return h.server.Count() == 0 })
		if len(handled) != 1 {
			t.Errorf("%d events were handled", len(handled))
		}
	})
}
