package plugin

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// mistakes finds what an app can get wrong that only a request shows. It logs each
// mistake once.
type mistakes struct {
	server   *socketio.Server
	manager  *scs.SessionManager
	attached *store.Store // what the manager's store was when Enable returned
	path     string       // the resource path
	logger   *slog.Logger

	nested, replaced, elsewhere, missed sync.Once
	reached                             atomic.Bool // a request has come to the door
}

// enabledMark is a namespace of every server that Enable was called with. No
// client can ask for it: it has no slash.
const enabledMark = "\x00sessions"

// mark notes on a server that Enable was called with it. A second call would replace
// the handlers of the first, so it fails.
func mark(server *socketio.Server) error {
	if wire.Has(server, enabledMark) {
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

// noticeRegistered logs that a namespace loses the handlers that the server has in it:
// go-socket.io keeps one of each, and the plugin needs them.
func (m *mistakes) noticeRegistered(namespace string) {
	for _, name := range wire.Registered(m.server, namespace) {
		m.logger.Error("sessions: the server's handler is replaced and never runs: register it on the Sessions", "handler", name, "namespace", namespace)
	}
}

// noticeOverridden logs that the app has registered a handler on the server in place of the
// plugin's.
func (m *mistakes) noticeOverridden(namespace, name string) {
	m.logger.Error("sessions: a handler was registered on the server in place of the plugin's: register it on the Sessions", "handler", name, "namespace", namespace)
}

// noticeDoubled logs that the app has registered a handler of an event on the server, too.
func (m *mistakes) noticeDoubled(namespace, event string) {
	m.logger.Error("sessions: an event's handler on the server never runs, since the Sessions have one", "event", event, "namespace", namespace)
}

// isUnder reports whether a request is for the resource path. Some clients leave out the
// slash at its end.
func (m *mistakes) isUnder(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, m.path) || r.URL.Path == m.path[:len(m.path)-1]
}

// noticePath logs that a request has come to the door which is not for the resource path.
func (m *mistakes) noticePath(r *http.Request) {
	raise(&m.reached)
	if m.isUnder(r) {
		return
	}
	m.elsewhere.Do(func() {
		m.logger.Warn("sessions: a request came that is not for Options.Path: mount the Sessions there, and not under http.StripPrefix, or set Options.Path",
			"path", m.path, "request", r.URL.Path)
	})
}

// raise sets a flag. Most calls only read it: many cores do.
func raise(flag *atomic.Bool) {
	if !flag.Load() {
		flag.Store(true)
	}
}

// pass serves a request for the resource path that came to LoadAndSave. It logs if one that
// is for the door never leads there; an app may serve files of its own beside it.
func (m *mistakes) pass(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if !m.reached.Load() && isForDoor(r) {
		defer func() { // also where a page's handler panics, as it finds no session
			if !m.reached.Load() {
				m.missed.Do(func() {
					m.logger.Error("sessions: a request for Options.Path did not come to the Sessions: mount them at that path, with the slash at its end",
						"path", m.path, "request", r.URL.Path)
				})
			}
		}()
	}
	next.ServeHTTP(w, r)
}

// isForDoor reports whether a request under the resource path is one that the door serves.
func isForDoor(r *http.Request) bool {
	return r.URL.Query().Has("transport") || strings.HasSuffix(r.URL.Path, "/"+scriptName)
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
