package main

import (
	_ "embed"
	"encoding/json"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

const (
	pushes   = 40 // how many events each client is sent,
	atOnce   = 5  // of which so many at once,
	pace     = 10 * time.Millisecond
	slowness = 300 * time.Millisecond
)

//go:embed texts.json
var textsJSON []byte

// texts are what both sides send: event n carries texts[n % len(texts)].
var texts []string

func init() {
	if err := json.Unmarshal(textsJSON, &texts); err != nil {
		panic(err)
	}
}

func text(n int) string { return texts[n%len(texts)] }

// numbered is the acknowledgement of an event up.
type numbered struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

// handle registers the handlers of every namespace.
func (m *mirror) handle() {
	for _, name := range []string{"/", "/chat", "/slow", "/vip"} {
		m.sessions.OnConnect(name, func(c socketio.Conn, s *plugin.Session) error { return m.enter(name, c, s) })
		m.sessions.OnDisconnect(name, func(socketio.Conn, *plugin.Session, string) { m.ledger.left(name) })
		m.sessions.OnEvent(name, "up", up)
		m.sessions.OnEvent(name, "seen", seen)
		m.sessions.OnEvent(name, "blob", blob)
		m.sessions.OnEvent(name, "a,b]c", func(_ socketio.Conn, _ *plugin.Session, text string) string { return text })
		m.sessions.OnEvent(name, "ask", ask)
		m.sessions.OnEvent(name, "login", login)
		m.sessions.OnEvent(name, "whoami", func(_ socketio.Conn, s *plugin.Session) string { return m.manager.GetString(s, "user") })
	}
}

// enter is the OnConnect of every namespace.
func (m *mirror) enter(name string, c socketio.Conn, s *plugin.Session) error {
	switch name {
	case "/vip":
		return &plugin.Refusal{Code: "members_only", Message: "members only", Data: map[string]any{"level": 3, "why": text(0)}}
	case "/slow":
		time.Sleep(slowness)
	}
	m.ledger.entered(name)
	c.SetContext(new([]int))
	for n := range atOnce {
		c.Emit("down", n, text(n))
	}
	go push(c, s.Done()) // until the last push, or the socket's end
	return nil
}

func push(c socketio.Conn, done <-chan struct{}) {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := atOnce; n < pushes; n++ {
		select {
		case <-tick.C:
			c.Emit("down", n, text(n))
		case <-done:
			return
		}
	}
}

// up gives back what it gets, and remembers the number.
func up(c socketio.Conn, _ *plugin.Session, n int, text string) numbered {
	numbers := c.Context().(*[]int)
	*numbers = append(*numbers, n)
	return numbered{n, text}
}

// seen answers the numbers in the order in which they came.
func seen(c socketio.Conn, _ *plugin.Session) []int { return *c.Context().(*[]int) }

func blob(c socketio.Conn, _ *plugin.Session, data *parser.Buffer) bool {
	c.Emit("blob", &parser.Buffer{Data: data.Data})
	return true
}

func login(_ socketio.Conn, s *plugin.Session, user string) error {
	return s.Renew(map[string]any{"user": user})
}

// ask asks the client in turn, and reports its answer in an event.
func ask(c socketio.Conn, _ *plugin.Session, text string) {
	c.Emit("question", text, func(answer string) { c.Emit("answered", answer) })
}
