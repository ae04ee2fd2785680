package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A socket speaks Socket.IO 2 over a websocket, frame by frame.
type socket struct {
	*websocket.Conn
	t   *testing.T
	ack int
}

// connect opens a socket and waits for the root's CONNECT.
func (v *visitor) connect(path string) *socket {
	v.t.Helper()
	s := v.dial(path)
	s.frame("40")
	return s
}

// dial opens a websocket with the cookies of v.
func (v *visitor) dial(path string) *socket {
	v.t.Helper()
	header := make(http.Header)
	if token := v.token(); token != "" {
		header.Set("Cookie", "session="+token)
	}
	ws, resp, err := websocket.DefaultDialer.DialContext(v.t.Context(),
		"ws"+strings.TrimPrefix(v.site, "http")+path+"?EIO=3&transport=websocket", header)
	if err != nil {
		v.t.Fatal(err)
	}
	resp.Body.Close()
	v.t.Cleanup(func() { ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(limit))
	return &socket{Conn: ws, t: v.t}
}

// frame reads until a text frame that begins with prefix, and returns the rest.
func (s *socket) frame(prefix string) string {
	s.t.Helper()
	for {
		kind, b, err := s.ReadMessage()
		if err != nil {
			s.t.Fatalf("waiting for %q: %v", prefix, err)
		}
		if rest, ok := strings.CutPrefix(string(b), prefix); ok && kind == websocket.TextMessage {
			return rest
		}
	}
}

func (s *socket) write(text string) {
	s.t.Helper()
	if err := s.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

// ask emits an event and returns its acknowledgement; of a namespace other
// than the root, the name ends in a comma.
func (s *socket) ask(namespace string, args ...any) any {
	s.t.Helper()
	s.ack++
	b, err := json.Marshal(args)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("42" + namespace + strconv.Itoa(s.ack) + string(b))
	var answer []any
	if err := json.Unmarshal([]byte(s.frame("43"+namespace+strconv.Itoa(s.ack))), &answer); err != nil || len(answer) != 1 {
		s.t.Fatalf("acknowledgement of %v: %v, %v", args, answer, err)
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
	s.t.Helper()
	text := strings.TrimSuffix(s.frame(prefix), "]")
	if err := json.Unmarshal([]byte(text), &why); err != nil {
		s.t.Fatalf("%s%s: %v", prefix, text, err)
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
				if got := socket.ask("", test.event...); !reflect.DeepEqual(got, test.want) {
					t.Errorf("%v: got %v, want %v", test.event, got, test.want)
				}
			}
		})
	}
}

func TestPanicEndsNothing(t *testing.T) {
	t.Parallel()
	socket := start(t, "-faults").visit(t).connect("/socket.io/")
	got, _ := socket.ask("", "panic").(map[string]any)
	failure, _ := got["error"].(map[string]any)
	if failure["code"] != "internal" || strings.Contains(failure["message"].(string), "panic") {
		t.Errorf("got %v", got)
	}
	if got := socket.ask("", "get", "panicked"); got != nil {
		t.Errorf("it kept %v", got)
	}
}

func TestBlob(t *testing.T) {
	t.Parallel()
	socket := start(t).visit(t).connect("/socket.io/")
	socket.write(`451-7["blob",{"_placeholder":true,"num":0}]`)
	if err := socket.WriteMessage(websocket.BinaryMessage, []byte{4, 0, 200, 255}); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(socket.frame("451-")); got != `["blob",{"_placeholder":true,"num":0}]` {
		t.Errorf("got %s", got)
	}
	kind, b, err := socket.ReadMessage()
	if want := []byte{4, 0, 200, 255}; err != nil || kind != websocket.BinaryMessage || !reflect.DeepEqual(b, want) {
		t.Errorf("got %v %v %v, want %v", kind, b, err, want)
	}
	if got := strings.TrimSpace(socket.frame("437")); got != "[true]" {
		t.Errorf("acknowledged %s", got)
	}
}

func TestChat(t *testing.T) {
	t.Parallel()
	s := start(t)
	stranger := s.visit(t).connect("/socket.io/")
	stranger.write("40/chat")
	stranger.write(`42/chat,["say","unheard"]`)
	if why := stranger.refusal("44/chat,"); why.Code != "login_required" || why.Reconnect {
		t.Errorf("got %+v, want login_required", why)
	}
	if got := stranger.ask("", "echo", "on"); got != "on" { // the root goes on
		t.Errorf("got %v", got)
	}

	join := func(user string) *socket {
		v := s.visit(t)
		v.want("POST", "/login", form("user", user), http.StatusSeeOther)
		c := v.connect("/socket.io/")
		c.write("40/chat")
		c.frame("40/chat")
		return c
	}
	ann, bob := join("ann"), join("bob")
	if got := ann.ask("/chat,", "say", "hi"); got != true {
		t.Errorf("acknowledged %v", got)
	}
	if got := bob.frame(`42/chat,["said",`); got != `{"user":"ann","text":"hi"}]` {
		t.Errorf("bob hears %s", got)
	}
}

func TestRefusalComesFirst(t *testing.T) {
	t.Parallel()
	socket := start(t).visitor(t).dial("/socket.io/")
	socket.frame("0")
	socket.write(`421["echo","on"]`)
	for i, want := range []string{`44{"code":"no_cookie",`, "41"} {
		_, b, err := socket.ReadMessage()
		if got := string(b); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("frame %d: got %s, %v; want %s", i, got, err, want)
		}
	}
	if _, b, err := socket.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("got %s, %v; want the close", b, err)
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
