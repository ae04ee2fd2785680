// Package plugin gives Socket.IO handlers the HTTP session of the browser
// behind the socket.
//
// It joins a manager of sessions (github.com/alexedwards/scs/v2) and a server
// of sockets (github.com/googollee/go-socket.io). [Enable] returns a
// [Sessions]; handlers registered on it, in place of the server, get the
// session as a further argument:
//
//	sessions, err := plugin.Enable(server, manager, plugin.Options{})
//	sessions.OnEvent("/", "message", func(c socketio.Conn, s *plugin.Session, text string) string {
//		manager.Put(s, "last", text)
//		return manager.GetString(s, "user") + ": " + text
//	})
//	mux.Handle("/socket.io/", sessions)
//	mux.Handle("/", sessions.LoadAndSave(pages))
//
// A [Session] is a context.Context that every SCS call takes. The [Scope]
// says how long it is held: for the connection, or for one event. A browser
// without a session is refused with a [Refusal]; OnInvalid hears why.
//
// Events of one session, but for [ReadOnly] ones, are handled one at a time in a
// process, in the order of their arrival. A handler that panics or returns an
// error changes nothing, and ends neither the process nor the connection.
package plugin
