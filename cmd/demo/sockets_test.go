package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/plugintest"
)

// A socket speaks Socket.IO 2 over a websocket.
type socket struct {
	*plugintest.Client
	ack int
}

// connect opens a socket and waits for the root's CONNECT.
func (v *visitor) connect(path string) *socket {
	v.t.Helper()
	s := v.dial(path)
	s.SkipTo("40")
	return s
}

// dial opens a websocket with the cookies of v.
func (v *visitor) dial(path string) *socket {
	v.t.Helper()
	header := make(http.Header)
	if token := v.token(); token != "" {
		header.Set("Cookie", "session="+token)
	}
	c := &plugintest.Client{TB: v.t, URL: v.site + path, Transport: plugintest.Websocket, Version: 3, Header: header}
	c.MustOpen()
	return &socket{Client: c}
}

// ask emits an event and returns its acknowledgement, whatever comes before.
func (s *socket) ask(namespace string, args ...any) any {
	s.TB.Helper()
	s.ack++
	b, err := json.Marshal(args)
	if err != nil {
		s.TB.Fatal(err)
	}
	head := plugintest.Prefix(namespace) + strconv.Itoa(s.ack)
	s.Say("42" + head + string(b))
	var answer []any
	if err := json.Unmarshal([]byte(s.SkipTo("43"+head)), &answer); err != nil || len(answer) != 1 {
		s.TB.Fatalf("acknowledgement of %v: %v, %v", args, answer, err)
	}
	return answer[0]
}

// refusal is what a client is told of why it has no session.
type refusal struct {
	Code      string `json:"code"`
	Reconnect bool   `json:"reconnect"`
}

// refusal waits for the frame that begins with prefix and goes on with a
// refusal.
func (s *socket) refusal(prefix string) (why refusal) {
	s.TB.Helper()
	text := strings.TrimSuffix(s.SkipTo(prefix), "]")
	if err := json.Unmarshal([]byte(text), &why); err != nil {
		s.TB.Fatalf("%s%s: %v", prefix, text, err)
	}
	return why
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
				event []any
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
				if got := socket.ask("/", test.event...); !reflect.DeepEqual(got, test.want) {
					t.Errorf("%v: got %v, want %v", test.event, got, test.want)
				}
			}
		})
	}
}

func TestPanicEndsNothing(t *testing.T) {
	t.Parallel()
	socket := start(t, "-faults").visit(t).connect("/socket.io/")
	got, _ := socket.ask("/", "panic").(map[string]any)
	failure, _ := got["error"].(map[string]any)
	if failure["code"] != "internal" || strings.Contains(failure["message"].(string), "panic") {
		t.Errorf("got %v", got)
	}
	if got := socket.ask("/", "get", "panicked"); got != nil {
		t.Errorf("it kept %v", got)
	}
}

func TestBlob(t *testing.T) {
	t.Parallel()
	socket := start(t).visit(t).connect("/socket.io/")
	socket.Say(`451-7["blob",{"_placeholder":true,"num":0}]`)
	sent := plugintest.Packet{Binary: true, Data: []byte{0, 200, 255}}
	if err := socket.Send(sent); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(socket.SkipTo("451-")); got != `["blob",{"_placeholder":true,"num":0}]` {
		t.Errorf("got %s", got)
	}
	if got, err := socket.Next(); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("got %v, %v, want %v", got, err, sent)
	}
	if got := strings.TrimSpace(socket.SkipTo("437")); got != "[true]" {
		t.Errorf("acknowledged %s", got)
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	s := start(t)
	stranger := s.visit(t).connect("/socket.io/")
	stranger.Say("40/chat")
	stranger.Say(`42/chat,["say","unheard"]`)
	if why := stranger.refusal("44/chat,"); why.Code != "login_required" || why.Reconnect {
		t.Errorf("got %+v, want login_required", why)
	}
	if got := stranger.ask("/", "echo", "on"); got != "on" { // the root goes on
		t.Errorf("got %v", got)
	}

	join := func(user string) *socket {
		v := s.visit(t)
		v.want("POST", "/login", form("user", user), http.StatusSeeOther)
		c := v.connect("/socket.io/")
		c.Say("40/chat")
		c.SkipTo("40/chat")
		return c
	}
	ann, bob := join("ann"), join("bob")
	if got := ann.ask("/chat", "say", "hi"); got != true {
		t.Errorf("acknowledged %v", got)
	}
	if got := bob.SkipTo(`42/chat,["said",`); got != `{"user":"ann","text":"hi"}]` {
		t.Errorf("bob hears %s", got)
	}
}

func TestRefusalComesFirst(t *testing.T) {
	t.Parallel()
	socket := start(t).visitor(t).dial("/socket.io/")
	socket.Say(`421["echo","on"]`)
	socket.Hear(`44{"code":"no_cookie",*`, "41*")
	if got, err := socket.Next(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
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
