package main

import (
	"context"
	"strings"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// handleRooms registers what members of rooms say to one another, and what is large.
func (m *mirror) handleRooms() {
	m.sessions.OnEvent("/", "join", func(c socketio.Conn, _ *plugin.Session, room string) bool { c.Join(room); return true })
	tell := func(c socketio.Conn, room string, others bool, args ...any) error {
		to := plugin.Room(room)
		if others {
			to = to.Except(c)
		}
		return m.sessions.Emit(context.Background(), to, "/", "told", args...)
	}
	m.sessions.OnEvent("/", "tell", func(c socketio.Conn, _ *plugin.Session, room, sender string, n int, others bool) error {
		return tell(c, room, others, sender, n, text(n))
	})
	m.sessions.OnEvent("/", "tellBinary", func(c socketio.Conn, _ *plugin.Session, room, sender string, n int, others bool, data *parser.Buffer) error {
		return tell(c, room, others, sender, n, &parser.Buffer{Data: data.Data})
	})
	// flood sends a room so much at once: by the sessions, or by go-socket.io.
	m.sessions.OnEvent("/", "flood", func(_ socketio.Conn, _ *plugin.Session, room, by string, times, size int) error {
		text := strings.Repeat("x", size)
		for n := range times {
			if by == "go-socket.io" {
				m.server.BroadcastToRoom("/", room, "drop", n, text)
			} else if err := m.sessions.Emit(context.Background(), plugin.Room(room), "/", "drop", n, text); err != nil {
				return err
			}
		}
		return nil
	})
	// pour emits so many events of so many bytes at once.
	m.sessions.OnEvent("/", "pour", func(c socketio.Conn, _ *plugin.Session, times, size int) int {
		for n := range times {
			c.Emit("drop", n, strings.Repeat("x", size))
		}
		return times
	})
}
