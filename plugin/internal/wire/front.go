package wire

import (
	"context"
	"net/http"
	"net/url"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"
)

// A front is the HTTP handler before a server. It sends each request to the
// connection that it names, and sends valid handshakes on to the server.
type front struct {
	shared *shared
	server *socketio.Server
	err    error // why it refuses every handshake
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	query := r.URL.Query()
	name, id := query.Get("transport"), query.Get("sid")
	switch {
	case query.Has("j"): // JSONP, with which any page could read and write
		f.fail(w, r, http.StatusBadRequest, codeBadRequest, RefusedMalformed)
	case !f.shared.origins.mayConnect(r):
		f.shared.noticeOrigin(r)
		f.fail(w, r, http.StatusForbidden, codeForbidden, RefusedOrigin)
	case f.shared.origins.answersPreflight(w, r):
	case name != namePolling && name != nameWebsocket:
		f.fail(w, r, http.StatusBadRequest, codeTransport, RefusedMalformed)
	case name == nameWebsocket && !websocket.IsWebSocketUpgrade(r):
		f.fail(w, r, http.StatusBadRequest, codeBadRequest, RefusedMalformed)
	case id != "":
		f.resume(w, r, name, id)
	case r.Method != http.MethodGet:
		f.fail(w, r, http.StatusBadRequest, codeMethod, RefusedMalformed)
	case versionOf(query) == 0:
		f.fail(w, r, http.StatusBadRequest, codeVersion, RefusedMalformed)
	default:
		f.open(w, r, versionOf(query))
	}
}

// open sends a handshake on to the server.
func (f front) open(w http.ResponseWriter, r *http.Request, version int) {
	switch {
	case f.err != nil:
		f.shared.observer.refused(r, RefusedInternal)
		http.Error(w, f.err.Error(), http.StatusInternalServerError)
	case f.shared.registry.isClosing():
		f.shared.observer.refused(r, RefusedClosing)
		GoAway(w)
	case !f.shared.knows("/"):
		f.shared.observer.refused(r, RefusedInternal)
		f.shared.refuseRootless(w)
	default:
		ctx := context.WithValue(r.Context(), admittedKey{}, admitted{f.shared, version})
		f.server.ServeHTTP(&onceWriter{ResponseWriter: w}, r.WithContext(ctx))
	}
}

// resume serves a request that names a connection. A request with a foreign
// credential is refused.
func (f front) resume(w http.ResponseWriter, r *http.Request, name, id string) {
	c, _ := f.shared.registry.find(id).(*Conn)
	switch {
	case c == nil:
		f.fail(w, r, http.StatusBadRequest, codeUnknownID, RefusedUnknownID)
	case !f.shared.identity.matches(r, c.credential):
		if name == namePolling && r.Method == http.MethodGet && f.shared.identity.hasEnded(c.credential) && c.websocket() == nil {
			c.serveGet(w, r, true)
			return
		}
		f.fail(w, r, http.StatusForbidden, codeForbidden, RefusedForeign)
	case name == nameWebsocket:
		c.serveUpgrade(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodPost:
		c.servePoll(w, r)
	default:
		f.fail(w, r, http.StatusBadRequest, codeMethod, RefusedMalformed)
	}
}

// fail answers a request with an error of Engine.IO, and tells why.
func (f front) fail(w http.ResponseWriter, r *http.Request, status, code int, why string) {
	f.shared.observer.refused(r, why)
	fail(w, status, code)
}

// versionOf returns the version of Engine.IO that a handshake asks for, or 0 for an
// unsupported one.
func versionOf(query url.Values) int {
	switch query.Get("EIO") {
	case "4":
		return 4
	case "3", "":
		return 3
	}
	return 0
}
