package wire

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"
)

// A front stands before a server: it sends each request to the connection that
// it names, and only handshakes that may go on to the server.
type front struct {
	wire   *Wire
	server *socketio.Server
	err    error // why it lets nobody in
}

// Handler returns the handler to serve at the resource path, in place of the
// server, which must have been made with [Wire.EngineOptions]: else it answers
// every handshake with HTTP 500 and the error of [Wire.Check].
func (w *Wire) Handler(server *socketio.Server) http.Handler {
	err := w.Check(server)
	if err == nil {
		w.server = server
	}
	return front{w, server, err}
}

// A pass is in the context of the handshakes that have passed a front.
type pass struct {
	wire    *Wire
	version int // of Engine.IO
}

type passKey struct{}

// The codes of Engine.IO's own errors.
const (
	codeTransport  = 0
	codeUnknownID  = 1
	codeMethod     = 2
	codeBadRequest = 3
	codeForbidden  = 4
	codeVersion    = 5
)

// fail answers as Engine.IO does.
func fail(w http.ResponseWriter, status, code int) {
	messages := [...]string{
		"Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request", "Forbidden",
		"Unsupported protocol version",
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, messages[code]})
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	query := r.URL.Query()
	name, id := query.Get("transport"), query.Get("sid")
	switch {
	case query.Has("j"): // JSONP: any page could read and write
		fail(w, http.StatusBadRequest, codeBadRequest)
	case !f.wire.mayConnect(r):
		fail(w, http.StatusForbidden, codeForbidden)
	case f.wire.answersPreflight(w, r):
	case name != namePolling && name != nameWebsocket:
		fail(w, http.StatusBadRequest, codeTransport)
	case name == nameWebsocket && !websocket.IsWebSocketUpgrade(r):
		fail(w, http.StatusBadRequest, codeBadRequest)
	case id != "":
		f.resume(w, r, name, id)
	case r.Method != http.MethodGet:
		fail(w, http.StatusBadRequest, codeMethod)
	case versionOf(query) == 0:
		fail(w, http.StatusBadRequest, codeVersion)
	default:
		f.open(w, r, versionOf(query))
	}
}

// open sends a handshake on.
func (f front) open(w http.ResponseWriter, r *http.Request, version int) {
	switch {
	case f.err != nil:
		http.Error(w, f.err.Error(), http.StatusInternalServerError)
	case f.wire.isClosing():
		w.Header().Set("Connection", "close")
		http.Error(w, "going away", http.StatusServiceUnavailable)
	case !f.wire.knows("/"):
		// go-socket.io would let nobody in, and forget nobody.
		http.Error(w, `transport: the server has no handler in namespace "/"`, http.StatusInternalServerError)
	default:
		ctx := context.WithValue(r.Context(), passKey{}, pass{f.wire, version})
		f.server.ServeHTTP(&answer{ResponseWriter: w}, r.WithContext(ctx))
	}
}

// An answer is given once: go-socket.io answers a handshake that has failed also
// where the websocket's upgrader has answered, and net/http logs each.
type answer struct {
	http.ResponseWriter
	given bool
}

func (a *answer) WriteHeader(status int) {
	if !a.given {
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *answer) Write(b []byte) (int, error) {
	if a.given {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// resume serves a request that names a connection, if it is its own.
func (f front) resume(w http.ResponseWriter, r *http.Request, name, id string) {
	c := f.wire.Find(id)
	switch {
	case c == nil:
		fail(w, http.StatusBadRequest, codeUnknownID)
	case !c.belongsTo(r):
		if name == namePolling && r.Method == http.MethodGet && f.wire.hasEnded(c.credential) && c.socket() == nil {
			c.serveGet(w, r, true)
			return
		}
		fail(w, http.StatusForbidden, codeForbidden)
	case name == nameWebsocket:
		c.serveUpgrade(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodPost:
		c.servePoll(w, r)
	default:
		fail(w, http.StatusBadRequest, codeMethod)
	}
}

// belongsTo tells whether a request comes from who opened the connection.
func (c *Conn) belongsTo(r *http.Request) bool {
	if c.credential == "" {
		return true // on its id alone
	}
	return subtle.ConstantTimeCompare([]byte(c.wire.credentialOf(r)), []byte(c.credential)) == 1
}

func (w *Wire) credentialOf(r *http.Request) string {
	if w.identity.Credential == nil {
		return ""
	}
	return w.identity.Credential(r)
}

func (w *Wire) hasEnded(credential string) bool {
	return w.identity.Ended != nil && w.identity.Ended(credential)
}

// versionOf returns the version of Engine.IO that a handshake asks for, 0 for
// one that we do not speak.
func versionOf(query url.Values) int {
	switch query.Get("EIO") {
	case "4":
		return 4
	case "3", "":
		return 3
	}
	return 0
}

// knows tells whether the server has a namespace. It asks to leave a room that
// does not exist there: go-socket.io has no other question without effect. The
// answer waits for broadcasts, which wait for NextWriter: no lock may be held
// that this needs.
func (w *Wire) knows(namespace string) bool {
	return w.gated[namespace] || w.server.LeaveRoom(namespace, "\x00 no room", nil)
}
