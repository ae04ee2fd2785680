package plugin

import (
	"errors"
	"net/http"
	"sync"

	socketio "github.com/googollee/go-socket.io"
)

// mistakes are what an app can get wrong that only a request shows. Each is told
// once.
type mistakes struct{ nested, replaced sync.Once }

// enabledMark is a namespace of every server that Enable was called with. No
// client can ask for it: it has no slash.
const enabledMark = "\x00sessions"

// mark notes that Enable was called with a server, which is to be once: a second
// would replace the handlers of the first.
func mark(server *socketio.Server) error {
	if server.LeaveRoom(enabledMark, "\x00 no room", nil) { // there is no other question without effect
		return errors.New("sessions: Enable was called with this server before; use the Sessions that it returned")
	}
	server.OnError(enabledMark, nil)
	return nil
}

var errReplaced = errors.New("sessions: the manager's store was replaced after Enable, so that sockets and requests have different sessions; call store.Attach, or set manager.Store, before Enable")

// noticeReplaced tells whether the manager has another store by now.
func (s *Sessions) noticeReplaced() bool {
	if s.manager.Store == s.attached {
		return false
	}
	s.replaced.Do(func() { s.options.Logger.Error(errReplaced.Error()) })
	return true
}

// refusesReplaced answers a request whose session the manager would not find.
func (s *Sessions) refusesReplaced(w http.ResponseWriter) bool {
	if !s.noticeReplaced() {
		return false
	}
	http.Error(w, errReplaced.Error(), http.StatusInternalServerError)
	return true
}

// noticeNesting says so when the transports are served inside the manager's
// LoadAndSave.
func (s *Sessions) noticeNesting(r *http.Request) {
	if r.Context().Value(s.store.ContextKey()) == nil {
		return
	}
	s.nested.Do(func() {
		s.options.Logger.Warn("sessions: the resource path is served inside LoadAndSave, where every poll counts as a use of the session; mount it outside, or use Sessions.LoadAndSave",
			"path", s.options.Path)
	})
}
