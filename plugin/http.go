package plugin

import (
	"net/http"
	"strings"
	"sync"
)

// scriptName is the client script's name under the resource path.
const scriptName = "socket.io-sessions.js"

// frontDesk is what ServeHTTP needs.
type frontDesk struct {
	script http.Handler
	nested sync.Once
}

// ServeHTTP serves the resource path: the client script, and the transports of
// the server. Mount it at Options.Path, outside of LoadAndSave.
func (s *Sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.TrimPrefix(r.URL.Path, s.options.Path) == scriptName {
		s.script.ServeHTTP(w, r)
		return
	}
	if r.URL.Query().Get("sid") == "" {
		if s.isClosing() {
			// A handshake after socketio.Server.Close would end the process.
			w.Header().Set("Connection", "close")
			http.Error(w, "going away", http.StatusServiceUnavailable)
			return
		}
		s.noticeNesting(r)
	}
	s.gate.ServeHTTP(w, r)
}

// LoadAndSave is the manager's LoadAndSave with merging commits; see
// store.Store.LoadAndSave. Requests under Options.Path pass untouched.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	loaded := s.store.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, s.options.Path) {
			next.ServeHTTP(w, r)
			return
		}
		loaded.ServeHTTP(w, r)
	})
}

func (s *Sessions) isClosing() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closing
}

// noticeNesting says so once when the transports are served inside the
// manager's LoadAndSave.
func (s *Sessions) noticeNesting(r *http.Request) {
	if r.Context().Value(s.views.key) == nil {
		return
	}
	s.nested.Do(func() {
		s.options.Logger.Warn("sessions: the resource path is served inside LoadAndSave, where every poll counts as a use of the session; mount it outside, or use Sessions.LoadAndSave",
			"path", s.options.Path)
	})
}
