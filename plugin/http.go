package plugin

import (
	"net/http"
	"strings"
	"sync"
	"time"
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
	if sid := r.URL.Query().Get("sid"); sid != "" {
		r = s.asHandshake(sid, r)
	} else {
		if s.isClosing() {
			// A handshake after socketio.Server.Close would end the process.
			w.Header().Set("Connection", "close")
			http.Error(w, "going away", http.StatusServiceUnavailable)
			return
		}
		s.noticeNesting(r)
	}
	s.server.ServeHTTP(w, r)
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

// asHandshake gives the upgrade of a connection the headers of its handshake:
// go-socket.io shows those of the upgrade from then on.
func (s *Sessions) asHandshake(sid string, r *http.Request) *http.Request {
	if r.Header.Get("Upgrade") == "" || s.namespaces["/"] == nil {
		return r
	}
	open := s.connectionOf(sid)
	if open == nil {
		return r
	}
	header := open.request.Header.Clone()
	for name, values := range r.Header {
		if name == "Upgrade" || name == "Connection" || name == "Origin" || strings.HasPrefix(name, "Sec-Websocket-") {
			header[name] = values
		}
	}
	upgrade := *r
	upgrade.Header = header
	return &upgrade
}

// upgradeWait is how long an upgrade waits for the root handler, which runs
// just after the client was told that it is connected.
const upgradeWait = 500 * time.Millisecond

// connectionOf returns the connection of a transport id, nil when it has not
// come to the root namespace in time.
func (s *Sessions) connectionOf(sid string) *connection {
	late := time.After(upgradeWait)
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		s.mu.RLock()
		open := s.connections[sid]
		s.mu.RUnlock()
		if open != nil {
			return open
		}
		select {
		case <-again.C:
		case <-late:
			return nil
		}
	}
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
