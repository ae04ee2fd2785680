package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// connect opens a socket, which speaks Socket.IO 2 over a websocket, with the session of
// v. It must be let in.
func (v *visitor) connect(path string) *plugintest.Client {
	v.t.Helper()
	cookie := &http.Cookie{Name: "session", Value: v.token()}
	return plugintest.At(v.t, v.site, plugintest.Path(path), plugintest.EIO3()).Dial("/", cookie).Connected()
}

// A wire is a websocket whose frames a test writes and reads itself, in Socket.IO 2.
type wire struct {
	*websocket.Conn
	t *testing.T
}

// wire opens a websocket with the session of v, if it has one, and reads OPEN.
func (v *visitor) wire() wire {
	v.t.Helper()
	header := make(http.Header)
	if token := v.token(); token != "" {
		header.Set("Cookie", "session="+token)
	}
	url := "ws" + strings.TrimPrefix(v.site, "http") + "/socket.io/?EIO=3&transport=websocket"
	ws, response, err := websocket.DefaultDialer.DialContext(v.t.Context(), url, header)
	if err != nil {
		v.t.Fatalf("%v: %+v", err, response)
	}
	v.t.Cleanup(func() { ws.Close() })
	w := wire{ws, v.t}
	w.skipTo("0{")
	return w
}

func (w wire) say(frames ...string) {
	w.t.Helper()
	for _, frame := range frames {
		if err := w.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w wire) read() (string, error) {
	w.SetReadDeadline(time.Now().Add(limit))
	_, b, err := w.ReadMessage()
	return strings.TrimSpace(string(b)), err
}

// skipTo reads until a frame that begins with prefix, and returns what follows.
func (w wire) skipTo(prefix string) string {
	w.t.Helper()
	for {
		frame, err := w.read()
		if err != nil {
			w.t.Fatalf("waiting for %s: %v", prefix, err)
		}
		if rest, ok := strings.CutPrefix(frame, prefix); ok {
			return rest
		}
	}
}

func object(fields ...any) map[string]any {
	m := make(map[string]any)
	for i := 0; i+1 < len(fields); i += 2 {
		m[fields[i].(string)] = fields[i+1]
	}
	return m
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, scope := range []string{"connection", "message"} {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			s := start(t, "-scope", scope, "-path", "/io", "-faults")
			v := s.visit(t)
			v.want("POST", "/login", form("user", "ann"), http.StatusSeeOther)
			socket := v.connect("/io/")
			for _, test := range []struct {
				event []any // its name and arguments
				want  any
			}{
				{[]any{"message", "hi"}, object("pings", 1.0, "user", "ann")},
				{[]any{"message", "hi"}, object("pings", 2.0, "user", "ann")},
				{[]any{"get", "nothing"}, nil},
				{[]any{"put", "color", "teal"}, true},
				{[]any{"get", "color"}, "teal"},
				{[]any{"get", "visits"}, 1.0},
				{[]any{"whoami"}, object("id", v.session().ID, "user", "ann")},
				{[]any{"echo", "üñ \"x\""}, "üñ \"x\""},
				{[]any{"slow", 1}, true},
				{[]any{"get", "panicked"}, nil},
				{[]any{"values"}, object("visits", 1.0, "user", "ann", "pings", 2.0, "color", "teal")},
			} {
				socket.Ask(test.event[0].(string), test.event[1:]...).Expect(test.want)
			}
		})
	}
}

func TestPanicEndsNothing(t *testing.T) {
	t.Parallel()
	socket := start(t, "-faults").visit(t).connect("/socket.io/")
	var got struct {
		Error struct{ Code, Message string }
	}
	socket.Ask("panic").Scan(&got)
	if got.Error.Code != "internal" || strings.Contains(got.Error.Message, "panic") {
		t.Errorf("got %v", got)
	}
	socket.Ask("get", "panicked").Expect(nil) // it keeps nothing
}

func TestBlob(t *testing.T) {
	t.Parallel()
	socket := start(t).visit(t).connect("/socket.io/")
	sent := []byte{0, 200, 255}
	socket.Ask("blob", sent).Expect(true)
	socket.Expect("blob", sent)
}

func TestChat(t *testing.T) {
	t.Parallel()
	s := start(t)
	stranger := s.visit(t).wire()
	stranger.say("40/chat", `42/chat,["say","unheard"]`)
	var why plugin.Refusal
	if err := json.Unmarshal([]byte(stranger.skipTo("44/chat,")), &why); err != nil || why.Code != "login_required" || why.Reconnect {
		t.Errorf("got %+v, %v, want login_required", why, err)
	}
	stranger.say(`421["echo","on"]`) // the root goes on
	if got := stranger.skipTo("431"); got != `["on"]` {
		t.Errorf("got %s", got)
	}

	join := func(user string) *plugintest.Client {
		v := s.visit(t)
		v.want("POST", "/login", form("user", user), http.StatusSeeOther)
		return v.connect("/socket.io/").Of("/chat").Connected()
	}
	ann, bob := join("ann"), join("bob")
	ann.Ask("say", "hi").Expect(true)
	bob.Expect("said", object("user", "ann", "text", "hi"))
}

func TestRefusalComesFirst(t *testing.T) {
	t.Parallel()
	stranger := start(t).visitor(t).wire()
	stranger.say(`421["echo","on"]`)
	for _, want := range []string{`44{"code":"no_cookie",`, "41"} {
		if got, err := stranger.read(); !strings.HasPrefix(got, want) {
			t.Fatalf("got %s, %v, want %s", got, err, want)
		}
	}
	if got, err := stranger.read(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("got %s, %v; want the close", got, err)
	}
}

func TestConnectionIDs(t *testing.T) {
	t.Parallel()
	v := start(t).visit(t)
	seen := make(map[string]bool)
	for range 100 {
		var open struct {
			ID string `json:"sid"`
		}
		answer := v.want("GET", "/socket.io/?EIO=4&transport=polling", nil, http.StatusOK)
		text, _, _ := strings.Cut(strings.TrimPrefix(answer.body, "0"), "\x1e")
		if err := json.Unmarshal([]byte(text), &open); err != nil {
			t.Fatalf("%s: %v", answer.body, err)
		}
		if seen[open.ID] || len(open.ID) < 26 { // of 5 bits each
			t.Fatalf("id %q", open.ID)
		}
		seen[open.ID] = true
	}
}
