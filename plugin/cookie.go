package plugin

import "time"

// keepCookie lets the browser's cookie live on with a session that only its
// socket uses: the script fetches it anew, about as often as the store is told of
// the use, or the cookie would die before the session.
func (so *socket) keepCookie() {
	manager, e := so.sessions.manager, so.entry
	if so.script == noScript || !manager.Cookie.Persist || manager.IdleTimeout <= 0 {
		return
	}
	e.mu.Lock()
	now := time.Now()
	due := now.Sub(e.cookie) > manager.IdleTimeout/touchShare
	if due {
		e.cookie = now
	}
	e.mu.Unlock()
	if due {
		so.emit(claimEvent, nil)
	}
}
