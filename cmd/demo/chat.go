package main

import (
	"context"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

const chatNamespace = "/chat"

// lobby is the room of everybody who chats.
var lobby = plugin.Room("lobby")

// said is one line of the chat.
type said struct {
	User string `json:"user"`
	Text string `json:"text"`
}

func (d *demo) handleChat() {
	d.sessions.OnConnect(chatNamespace, func(c socketio.Conn, s *plugin.Session) error {
		if d.manager.GetString(s, "user") == "" {
			return &plugin.Refusal{Code: plugin.CodeLoginRequired, Message: "log in to chat"}
		}
		c.Join("lobby")
		return nil
	})
	d.sessions.OnEvent(chatNamespace, "say", func(_ socketio.Conn, s *plugin.Session, text string) bool {
		line := said{User: d.manager.GetString(s, "user"), Text: text}
		// Not with s: a logout must not take back what was said before it.
		if err := d.sessions.Emit(context.Background(), lobby, chatNamespace, "said", line); err != nil {
			d.log.Error("chat", "err", err) // other processes may not have heard it
		}
		return true
	})
}
