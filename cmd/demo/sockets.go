package main

import (
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// pageNamespace is that of the page's own clients.
const pageNamespace = "/page"

// longestSlow keeps the event slow from holding its session for ever.
const longestSlow = time.Minute

// tally is what a message is answered with.
type tally struct {
	Pings int    `json:"pings"`
	User  string `json:"user"`
}

// identity says whose session an event sees.
type identity struct {
	ID   string `json:"id"`
	User string `json:"user"`
}

// handleEvents gives the page's namespace what the root has. Only there is a change
// told: a client of the root pays nothing for it.
func (d *demo) handleEvents() {
	for _, namespace := range []string{"/", pageNamespace} {
		d.sessions.OnEvent(namespace, "message", d.count)
		d.sessions.OnEvent(namespace, "get", d.get)
		d.sessions.OnEvent(namespace, "put", d.put)
		d.sessions.OnEvent(namespace, "values", d.values, plugin.ReadOnly)
		d.sessions.OnEvent(namespace, "whoami", d.whoami)
		d.sessions.OnEvent(namespace, "echo", echo)
		d.sessions.OnEvent(namespace, "blob", blob)
		if d.config.faults {
			d.sessions.OnEvent(namespace, "panic", d.panic)
			d.sessions.OnEvent(namespace, "slow", slow)
		}
	}
	d.sessions.OnChange(pageNamespace, func(c socketio.Conn, _ *plugin.Session, keys []string) {
		c.Emit("changed", keys)
	})
}

// count adds one to the pings of the session. Update makes it exact: the
// function is run again when another socket, request or process was faster.
func (d *demo) count(_ socketio.Conn, s *plugin.Session, _ string) (tally, error) {
	var now tally
	err := s.Update(func(s *plugin.Session) error {
		now = tally{Pings: d.manager.GetInt(s, "pings") + 1, User: d.manager.GetString(s, "user")}
		d.manager.Put(s, "pings", now.Pings)
		return nil
	})
	return now, err
}

func (d *demo) get(_ socketio.Conn, s *plugin.Session, key string) any {
	return d.manager.Get(s, key)
}

func (d *demo) put(_ socketio.Conn, s *plugin.Session, key, text string) bool {
	d.manager.Put(s, key, text)
	return true
}

// values lets the page show what each socket sees next to what HTTP sees.
func (d *demo) values(_ socketio.Conn, s *plugin.Session) map[string]any {
	return d.valuesOf(s)
}

func (d *demo) whoami(_ socketio.Conn, s *plugin.Session) identity {
	return identity{ID: s.ID(), User: d.manager.GetString(s, "user")}
}

func echo(_ socketio.Conn, _ *plugin.Session, text string) string { return text }

func blob(c socketio.Conn, _ *plugin.Session, data *parser.Buffer) bool {
	c.Emit("blob", &parser.Buffer{Data: data.Data})
	return true
}

// panic shows that a failed event changes nothing and ends nothing.
func (d *demo) panic(_ socketio.Conn, s *plugin.Session) bool {
	d.manager.Put(s, "panicked", "this must never be seen")
	panic("demo: the event panic panics")
}

func slow(_ socketio.Conn, s *plugin.Session, milliseconds int) (bool, error) {
	wait := min(time.Duration(min(milliseconds, 1e9))*time.Millisecond, longestSlow)
	select {
	case <-time.After(wait):
		return true, nil
	case <-s.Done():
		return false, s.Err()
	}
}
