package main

import (
	"maps"
	"slices"
	"sync"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

const chatNamespace = "/chat"

// said is one line of the chat.
type said struct {
	User string `json:"user"`
	Text string `json:"text"`
}

func (d *demo) handleChat() {
	d.sessions.OnConnect(chatNamespace, func(c socketio.Conn, s *plugin.Session) error {
		if d.manager.GetString(s, "user") == "" {
			return &plugin.Refusal{Code: "login_required", Message: "log in to chat"}
		}
		d.chat.join(c)
		return nil
	})
	d.sessions.OnEvent(chatNamespace, "say", func(_ socketio.Conn, s *plugin.Session, text string) bool {
		d.chat.tell(said{User: d.manager.GetString(s, "user"), Text: text})
		return true
	})
	d.sessions.OnDisconnect(chatNamespace, func(c socketio.Conn, _ *plugin.Session, _ string) {
		d.chat.leave(c)
	})
}

// A room is who is in the chat. It tells a line to each member by itself: a
// broadcast of go-socket.io's holds a lock over all of them meanwhile.
type room struct {
	mu      sync.Mutex
	members map[string]socketio.Conn // by the connection's id
}

func (r *room) join(c socketio.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = make(map[string]socketio.Conn)
	}
	r.members[c.ID()] = c
}

func (r *room) leave(c socketio.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c.ID())
}

// tell sends the line to every member. An Emit only queues it: a client that
// does not read holds up nobody.
func (r *room) tell(line said) {
	r.mu.Lock()
	members := slices.Collect(maps.Values(r.members))
	r.mu.Unlock()
	for _, c := range members {
		c.Emit("said", line)
	}
}
