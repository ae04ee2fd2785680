package plugin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

type person struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
	Home *struct {
		Rooms []uint8 `json:"rooms"`
	} `json:"home"`
}

// argumentsApp has an event for each kind of argument. All of them say what they got.
func argumentsApp(a *app) {
	say := func(event string, f any, settings ...plugin.Setting) { a.sessions.OnEvent("/", event, f, settings...) }
	say("text", func(_ socketio.Conn, _ *plugin.Session, s string) string { return s })
	say("two", func(_ socketio.Conn, _ *plugin.Session, s string, n int8) string { return fmt.Sprint(s, n) })
	say("strict", func(_ socketio.Conn, _ *plugin.Session, s string, n int, p *person, m map[string]any) string {
		return fmt.Sprint(s, n, p.Name, m)
	}, plugin.Strict)
	say("person", func(_ socketio.Conn, _ *plugin.Session, p person) string {
		return fmt.Sprint(p.Name, p.Age, p.Home != nil)
	})
	say("pointer", func(_ socketio.Conn, _ *plugin.Session, p *person) string { return p.Name })
	say("time", func(_ socketio.Conn, _ *plugin.Session, t time.Time) int { return t.Year() })
	say("any", func(_ socketio.Conn, _ *plugin.Session, v any) any { return v })
	say("buffer", func(_ socketio.Conn, _ *plugin.Session, b *bytes.Buffer) int { return b.Len() })
	say("blobs", func(_ socketio.Conn, _ *plugin.Session, first parser.Buffer, more map[string]*parser.Buffer) string {
		return string(first.Data) + string(more["b"].Data)
	})
	say("put", func(_ socketio.Conn, s *plugin.Session, k string, v int) bool { a.manager.Put(s, k, v); return true })
}

// An argument that does not fit is acknowledged, names neither the value nor a type of Go,
// and the connection stays. OnError hears of it.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, argumentsApp)
	cookie := a.login("alice")
	bad := func(message string) string {
		return `[{"error":{"code":"bad_arguments","message":"` + message + `"}}]`
	}
	type row struct{ event, want string }
	rows := []row{
		{`["text"]`, `[""]`},
		{`["text",null]`, `[""]`},
		{`["text","a","b",{}]`, `["a"]`},
		{`["text",{}]`, bad("Argument 1 is not a string.")},
		{`["text",7]`, bad("Argument 1 is not a string.")},
		{`["two","a",7]`, `["a7"]`},
		{`["two","a"]`, `["a0"]`},
		{`["two","a","secret"]`, bad("Argument 2 is not a whole number of the right size.")},
		{`["two","a",300]`, bad("Argument 2 is not a whole number of the right size.")},
		{`["two","a",1e400]`, bad("Argument 2 is not a whole number of the right size.")},
		{`["two",[],"b"]`, bad("Argument 1 is not a string.")},
		{`["person",{"name":"ann","age":3,"home":{"rooms":"AQI="}}]`, `["ann3 true"]`},
		{`["person",{"name":"ann","age":"old"}]`, bad("Argument 1 (age) is not a whole number of the right size.")},
		{`["person","ann"]`, bad("Argument 1 is not an object.")},
		{`["pointer"]`, `[""]`},
		{`["time","2026-11-29T00:00:00Z"]`, `[2026]`},
		{`["time","today"]`, bad("Argument 1 has a wrong form.")},
		{`["any",[1,{"a":null}]]`, `[[1,{"a":null}]]`},
		{`["any"]`, `[null]`},
		{`["buffer",{}]`, `[0]`},
		{`["strict","a",1,{"name":"ann"},{"b":1}]`, `["a1annmap[b:1]"]`},
		{`["strict","a",1]`, `["a1map[]"]`},
		{`["strict","a"]`, bad("Argument 2 is missing: a whole number of the right size.")},
		{`["strict","a",null]`, bad("Argument 2 is missing: a whole number of the right size.")},
		{`["strict","a",1,{},{},5]`, bad("Argument 5 is one too many.")},
		{`["put","k",{}]`, bad("Argument 2 is not a whole number of the right size.")},
	}
	if a.wired() { // go-socket.io's own polling breaks it
		rows = append(rows, row{`["text","hällo"]`, `["hällo"]`}, row{`["text","a \"quote\" \u00e9 \ud83d\ude00"]`, `["a \"quote\" é 😀"]`})
	}
	for _, k := range a.kinds() {
		c := a.enterAs(k, cookie)
		for _, row := range rows {
			if got := plain(t, c.ask(row.event)); got != plain(t, row.want) {
				t.Errorf("%v %s: got %s, want %s", k, row.event, got, row.want)
			}
		}
	}
	if got := a.stored(cookie)["k"]; got != nil {
		t.Errorf("a handler ran: %v is stored", got)
	}
	eventually(t, "OnError has heard", func() bool {
		return strings.Contains(strings.Join(a.failures.all(), "\n"), "Argument 1 is not a string.")
	})
	if heard := strings.Join(a.failures.all(), "\n"); strings.Contains(heard, "secret") {
		t.Errorf("OnError heard the value: %s", heard)
	}
}

// plain returns JSON without needless escapes: some clients are sent more of them.
func plain(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(value)
}

// Attachments reach Buffers wherever they are in an argument, and in any order.
func TestBinaryArguments(t *testing.T) {
	t.Parallel()
	a := newApp(t, nil, plugin.Options{}, argumentsApp)
	c := a.enter(a.login("alice"))
	c.send(`452-7["blobs",{"_placeholder":true,"num":1},{"b":{"_placeholder":true,"num":0}}]`)
	for _, attachment := range []string{"zero", "one"} {
		if err := c.WS.WriteMessage(websocket.BinaryMessage, append([]byte{4}, attachment...)); err != nil {
			t.Fatal(err)
		}
	}
	c.want(`437["onezero"]`)
	for _, wrong := range []string{`"text"`, `["_placeholder",1e999]`} {
		if got, want := c.ask(`["blobs",`+wrong+`]`), `[{"error":{"code":"bad_arguments","message":"Argument 1 is not binary data."}}]`; got != want {
			t.Errorf("%s: got %s", wrong, got)
		}
	}
}
