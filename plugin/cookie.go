package plugin

import (
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// keepCookie lets the browser's cookie live on with a session that only its
// socket uses: the script fetches it anew, about as often as the store is told of
// the use, or the cookie would die before the session.
func (so *socket) keepCookie() {
	s, e := so.sessions, so.entry
	idle := s.manager.IdleTimeout
	if so.script == noScript || idle <= 0 || s.cookieEnd(e.Snapshot()).IsZero() {
		return
	}
	if e.Due(idle / live.TouchShare) {
		so.emit(claimEvent, nil)
	}
}

// cookieChanged has the pages of a session fetch the cookie anew when a socket's
// change, which the store now holds, is one of what the cookie says: SetDeadline
// or RememberMe. One socket of each connection is told. SCS may hold its lock.
func (s *Sessions) cookieChanged(e *live.Entry, from, to *store.Snapshot) {
	if s.cookieEnd(from).Equal(s.cookieEnd(to)) {
		return
	}
	pages := make(map[*connection]*socket)
	for _, so := range socketsOf(e) {
		if so.script != noScript {
			pages[so.connection] = so
		}
	}
	for _, so := range pages {
		_ = so.send(claimEvent, nil) // no room is no failure: the cookie stays as it was
	}
}

// rememberKey is where SCS keeps what RememberMe was told.
const rememberKey = "__rememberMe"

// cookieEnd returns when the cookie of a session dies at the latest, the zero time
// where that is when the browser is closed.
func (s *Sessions) cookieEnd(of *store.Snapshot) time.Time {
	if remember, _ := of.Values[rememberKey].(bool); s.manager.Cookie.Persist || remember {
		return of.Deadline
	}
	return time.Time{}
}
