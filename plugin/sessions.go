package plugin

import (
	"net/http"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Sessions gives the handlers of a server the sessions of a manager. Call the methods
// that register (On…, Configure, AllowAnonymous, Protect) before the server serves. All
// other methods are safe for concurrent use.
type Sessions struct {
	server   *socketio.Server
	manager  *scs.SessionManager
	attached *store.Store
	options  Options
	draining atomic.Bool
	common   *common
	post     *post
	door     *door

	namespaces map[string]*hook // fixed once the server serves
}

// Session returns the session of a connection in its namespace, for handlers that are
// registered on the server itself. In a namespace that the plugin does not know, it is
// the session of the connection's other namespaces. If there is none, as for a client
// that was refused, it is an anonymous one; it is never nil. The call counts as use of
// the session, as an event does. It asks the store if the session may have changed
// elsewhere since it was last read.
func (s *Sessions) Session(c socketio.Conn) *Session {
	var here *namespace
	if h := s.namespaces[nameOf(c)]; h != nil {
		here = h.namespace
	}
	so := s.common.registry.nearest(c.ID(), here)
	if so == nil || so.why.Load() != nil {
		return anonymous(s.common.book)
	}
	e, session := so.owned()
	if e != nil {
		if e.Known() != nil {
			return anonymous(s.common.book) // its socket is about to hear
		}
		e.Catch()
		e.NoteUse()
	}
	return session
}

// ServeHTTP serves the resource path: the transports of the server, the client
// script, and what the script posts to. Mount it at Options.Path, outside of the
// manager's and the store's LoadAndSave; [Sessions.LoadAndSave] lets it pass.
func (s *Sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.door.ServeHTTP(w, r) }

// LoadAndSave is the manager's LoadAndSave with merging commits; see
// store.Store.LoadAndSave. Requests under Options.Path pass untouched. If the
// manager's store was replaced after Enable, manager.ErrorFunc answers.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	loaded := s.attached.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.door.mistakes.isUnder(r):
			s.door.mistakes.pass(next, w, r)
		case s.door.mistakes.noticeReplaced():
			s.manager.ErrorFunc(w, r, errReplaced)
		default:
			loaded.ServeHTTP(w, r)
		}
	})
}
