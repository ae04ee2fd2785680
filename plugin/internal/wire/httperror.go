package wire

import (
	"encoding/json"
	"net/http"
)

// The error codes of Engine.IO.
const (
	codeTransport  = 0
	codeUnknownID  = 1
	codeMethod     = 2
	codeBadRequest = 3
	codeForbidden  = 4
	codeVersion    = 5
)

// fail answers with an error of Engine.IO.
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

// GoAway answers a handshake that comes while the server closes. A balancer may send it to
// another node at once, and a client comes back by itself.
func GoAway(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Connection", "close")
	header.Set("Retry-After", "1") // seconds
	http.Error(w, "going away", http.StatusServiceUnavailable)
}
