// Package plugin gives Socket.IO handlers the HTTP session of the browser
// behind the socket.
//
// It joins a session manager (github.com/alexedwards/scs/v2) and a Socket.IO server
// (github.com/googollee/go-socket.io). [Enable] returns a [Sessions]. Register
// handlers on it instead of on the server, and they get the
// session as a second argument:
//
//	wire := transport.New(transport.Options{})
//	server := socketio.NewServer(wire.EngineOptions(nil))
//	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
//	sessions.OnEvent("/", "message", func(c socketio.Conn, s *plugin.Session, text string) string {
//		manager.Put(s, "last", text)
//		return manager.GetString(s, "user") + ": " + text
//	})
//	mux.Handle("/socket.io/", sessions)
//	mux.Handle("/", sessions.LoadAndSave(pages))
//
// A [Session] is a context.Context that every SCS call takes. Its [Scope] says how
// long a handler holds it: for the connection, or for one event. A browser without a
// session is refused with a [Refusal], which OnInvalid hears first.
//
// A process handles the events of one session one at a time, in the order of their
// arrival, except [ReadOnly] ones. A handler that panics or returns an error changes
// nothing, and ends neither the process nor the connection.
//
// The wire, of package transport, takes the place of go-socket.io's own transports. Without
// it no client 3.x or 4.x connects. Whole programs are in cmd/demo/examples.
package plugin
