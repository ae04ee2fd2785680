package plugin

import (
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// cookies has pages fetch their cookie anew when it would say too little.
type cookies struct{ manager *scs.SessionManager }

// keep keeps the browser's cookie alive with a session that only its socket uses.
// The script fetches the cookie anew, about as often as the store is told of the
// use; otherwise the cookie would die before the session.
func (c cookies) keep(so *socket) {
	idle := c.manager.IdleTimeout
	if so.script == noScript || idle <= 0 || c.end(so.entry.Snapshot()).IsZero() {
		return
	}
	if so.entry.Due(idle / live.TouchShare) {
		_ = so.tell(claimEvent) // no room is no failure: it is due again
	}
}

// changed has the pages of a session fetch the cookie anew when a socket's change,
// which the store now holds, changes the cookie's lifetime: SetDeadline or
// RememberMe. It tells one socket of each connection. SCS may hold its lock.
func (c cookies) changed(e *live.Entry, from, to *store.Snapshot) {
	if c.end(from).Equal(c.end(to)) {
		return
	}
	pages := make(map[*connection]*socket)
	for _, so := range socketsOf(e) {
		if so.script != noScript {
			pages[so.connection] = so
		}
	}
	for _, so := range pages {
		_ = so.tell(claimEvent) // no room is no failure: the cookie stays as it was
	}
}

// rememberKey is where SCS keeps what RememberMe was told.
const rememberKey = "__rememberMe"

// end returns when the cookie of a session dies at the latest, the zero time where
// that is when the browser is closed.
func (c cookies) end(of *store.Snapshot) time.Time {
	if remember, _ := of.Values[rememberKey].(bool); c.manager.Cookie.Persist || remember {
		return of.Deadline
	}
	return time.Time{}
}
