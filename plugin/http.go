package plugin

import (
	"net/http"
	"strings"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// scriptName is the client script's name under the resource path.
const scriptName = "socket.io-sessions.js"

// frontDesk is what ServeHTTP needs.
type frontDesk struct {
	script http.Handler
	mistakes
}

// ServeHTTP serves the resource path: the transports of the server, the client
// script, and what that posts to. Mount it at Options.Path, outside of the
// manager's and the store's LoadAndSave; [Sessions.LoadAndSave] lets it pass.
func (s *Sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, header := strings.TrimPrefix(r.URL.Path, s.options.Path), w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if name == scriptName {
		s.script.ServeHTTP(w, r)
		return
	}
	header.Set("Cache-Control", "no-store")
	switch {
	case name == claimName:
		s.serveClaim(w, r)
	case name == ticketName && s.options.Tickets:
		s.serveTicket(w, r)
	case r.URL.Query().Get("sid") != "" || s.mayOpen(w, r):
		s.gate.ServeHTTP(w, r)
	}
}

// mayOpen tells whether a handshake may go on, and answers one that may not.
func (s *Sessions) mayOpen(w http.ResponseWriter, r *http.Request) bool {
	if s.isClosing() {
		// A handshake after socketio.Server.Close would end the process.
		w.Header().Set("Connection", "close")
		http.Error(w, "going away", http.StatusServiceUnavailable)
		return false
	}
	s.noticeNesting(r)
	if s.ticketOf(r) == "" {
		s.noticeAmbiguous(w, r, s.cut(r))
	}
	return !s.refusesReplaced(w) && !s.refuses(w, r)
}

// refuses answers a handshake without a session, if it is to be refused.
func (s *Sessions) refuses(w http.ResponseWriter, r *http.Request) bool {
	root := s.namespaces["/"]
	if !s.options.RefuseHandshake || root != nil && root.anonymous || s.ticketOf(r) != "" {
		return false
	}
	why := s.check(r)
	if why == nil {
		return false
	}
	writeRefusal(w, statusOf(why), why)
	return true
}

// takesPost tells whether a request is a POST of a page that may connect, and
// answers those that are not.
func (s *Sessions) takesPost(w http.ResponseWriter, r *http.Request) bool {
	if !s.gate.admits(w, r) {
		return false
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return false
	}
	return !s.refusesReplaced(w)
}

// statusOf returns the HTTP status of a Refusal.
func statusOf(why *Refusal) int {
	switch why.Code {
	case CodeStoreError:
		return http.StatusServiceUnavailable
	case CodeInternal:
		return http.StatusInternalServerError
	case CodeAmbiguousCookie:
		return http.StatusBadRequest
	}
	return http.StatusUnauthorized
}

func writeRefusal(w http.ResponseWriter, status int, why *Refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(why.json()) //nolint:gosec // JSON, served as such
}

// check returns why a request has no session, nil when it has one.
func (s *Sessions) check(r *http.Request) *Refusal {
	token := s.cut(r)
	if why := noSession(token); why != nil {
		return why
	}
	_, _, ok, err := s.store.Load(r.Context(), s.store.Key(token), nil)
	switch {
	case err != nil:
		s.report(StageLoad, "", err)
		return refusalOf(&live.StoreError{Stage: StageLoad, Err: err})
	case !ok:
		return s.formerly(s.store.Key(token))
	}
	return nil
}

// LoadAndSave is the manager's LoadAndSave with merging commits; see
// store.Store.LoadAndSave. Requests under Options.Path pass untouched. Where the
// manager's store was replaced after Enable, manager.ErrorFunc answers.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	loaded := s.attached.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, s.options.Path) {
			next.ServeHTTP(w, r)
			return
		}
		if s.noticeReplaced() {
			s.manager.ErrorFunc(w, r, errReplaced)
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
