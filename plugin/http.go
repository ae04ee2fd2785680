package plugin

import (
	"net/http"
	"strings"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/wire"
)

// A door serves the resource path: the transports, the client script, and what the
// script posts to.
type door struct {
	path     string
	script   http.Handler
	claims   http.Handler
	tickets  http.Handler // nil where none are used
	gate     gate
	resolver *resolver
	mistakes *mistakes

	ambiguities *ambiguities
	seen        *observers

	closing func() bool // reports whether the server is going away
	strict  func() bool // reports whether a handshake without a session is refused
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mistakes.noticePath(r)
	name, header := strings.TrimPrefix(r.URL.Path, d.path), w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if name == scriptName {
		d.script.ServeHTTP(w, r)
		return
	}
	header.Set("Cache-Control", "no-store")
	switch {
	case name == claimName:
		d.claims.ServeHTTP(w, r)
	case name == ticketName && d.tickets != nil:
		d.tickets.ServeHTTP(w, r)
	case r.URL.Query().Get("sid") != "" || d.mayOpen(w, r):
		d.gate.ServeHTTP(w, r)
	}
}

// mayOpen reports whether a handshake may go on, and answers one that may not.
func (d *door) mayOpen(w http.ResponseWriter, r *http.Request) bool {
	if d.closing() {
		d.seen.arrived(r.Context(), CodeGoingAway)
		wire.GoAway(w) // a handshake after socketio.Server.Close would end the process
		return false
	}
	d.mistakes.noticeNesting(r)
	if d.resolver.ticketOf(r) == "" {
		d.ambiguities.notice(w, r, d.resolver.cut(r))
	}
	if d.mistakes.refusesReplaced(w) {
		d.seen.arrived(r.Context(), CodeInternal)
		return false
	}
	return !d.refuses(w, r)
}

// refuses reports whether a handshake is refused for want of a session, and answers
// it then.
func (d *door) refuses(w http.ResponseWriter, r *http.Request) bool {
	if !d.strict() || d.resolver.ticketOf(r) != "" {
		return false
	}
	why := d.resolver.check(r)
	if why == nil {
		return false
	}
	d.seen.arrived(r.Context(), why.Code)
	writeRefusal(w, statusOf(why), why)
	return true
}
