package main

import (
	"sync"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

const (
	chatNamespace = "/chat"
	// backlog is how many lines may wait for a client; what comes on top is
	// not told to a client that slow.
	backlog = 64
)

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

// A room is who is in the chat. Each member has a queue and a goroutine of its
// own. A broadcast of go-socket.io's writes to one client after the other with
// a lock held: one that does not read would stop the whole namespace.
type room struct {
	mu      sync.Mutex
	members map[string]chan said // by connection
}

func (r *room) join(c socketio.Conn) {
	r.leave(c)
	lines := make(chan said, backlog)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = make(map[string]chan said)
	}
	r.members[c.ID()] = lines
	go deliver(c, lines) // until leave closes lines
}

func (r *room) leave(c socketio.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if lines, ok := r.members[c.ID()]; ok {
		close(lines)
		delete(r.members, c.ID())
	}
}

// tell hands the line to every member and waits for none of them.
func (r *room) tell(line said) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, lines := range r.members {
		select {
		case lines <- line:
		default:
		}
	}
}

func deliver(c socketio.Conn, lines <-chan said) {
	for line := range lines {
		c.Emit("said", line)
	}
}
