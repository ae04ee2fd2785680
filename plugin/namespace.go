package plugin

import socketio "github.com/googollee/go-socket.io"

// A namespace is what an app has registered for one. It is fixed once the server
// serves.
type namespace struct {
	name      string
	events    map[string]bool // those that have a handler
	rooms     *rooms
	settings  settings
	anonymous bool // lets clients without a session in
	protected bool // its event handlers are go-socket.io's

	onConnect    func(socketio.Conn, *Session) error
	onDisconnect func(socketio.Conn, *Session, string)
	onInvalid    func(socketio.Conn, *Refusal)
	onChange     func(socketio.Conn, *Session, []string)
}

// handlers returns the settings of OnConnect, OnDisconnect and OnChange: they may
// write whatever the events may.
func (n *namespace) handlers() settings {
	return settings{scope: n.settings.scope, access: ReadWrite}
}

// lets reports whether a client that was given this Refusal may enter as an
// anonymous one.
func (n *namespace) lets(why *Refusal) bool {
	return n.anonymous && (why.gone || why.Code == CodeNoCookie || why.Code == CodeUnknown)
}
