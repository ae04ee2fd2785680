package plugin

import (
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// mistakes finds what an app can get wrong that only a request shows. It logs each
// mistake once.
type mistakes struct {
	manager  *scs.SessionManager
	attached *store.Store // what the manager's store was when Enable returned
	path     string       // the resource path
	logger   *slog.Logger

	nested, replaced sync.Once
}

// enabledMark is a namespace of every server that Enable was called with. No
// client can ask for it: it has no slash.
const enabledMark = "\x00sessions"

// mark notes on a server that Enable was called with it. A second call would replace
// the handlers of the first, so it fails.
func mark(server *socketio.Server) error {
	if server.LeaveRoom(enabledMark, "\x00 no room", nil) { // no other question is without effect
		return errors.New("sessions: Enable was called with this server before; use the Sessions that it returned")
	}
	server.OnError(enabledMark, nil)
	return nil
}

var errReplaced = errors.New("sessions: the manager's store was replaced after Enable, so that sockets and requests have different sessions; call store.Attach, or set manager.Store, before Enable")

// noticeReplaced reports whether the manager has another store by now.
func (m *mistakes) noticeReplaced() bool {
	if m.manager.Store == m.attached {
		return false
	}
	m.replaced.Do(func() { m.logger.Error(errReplaced.Error()) })
	return true
}

// refusesReplaced reports whether the manager would look for the session in another
// store, and answers the request then.
func (m *mistakes) refusesReplaced(w http.ResponseWriter) bool {
	if !m.noticeReplaced() {
		return false
	}
	http.Error(w, errReplaced.Error(), http.StatusInternalServerError)
	return true
}

// noticeNesting logs that the transports are served inside the manager's
// LoadAndSave.
func (m *mistakes) noticeNesting(r *http.Request) {
	if r.Context().Value(m.attached.Core().ContextKey()) == nil {
		return
	}
	m.nested.Do(func() {
		m.logger.Warn("sessions: the resource path is served inside LoadAndSave, where every poll counts as a use of the session; mount it outside, or use Sessions.LoadAndSave",
			"path", m.path)
	})
}
