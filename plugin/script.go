package plugin

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	// scriptName is where the client script is served, under the resource path.
	scriptName = "socket.io-sessions.js"

	// scriptQuery is in the handshake's query of a page that has the client script.
	// Its value is the version of the protocol between the script and this package.
	scriptQuery = "session-script"
)

// The versions of that protocol.
const (
	noScript  = 0
	oldScript = 1 // does not know that claims have secrets
)

// scriptOf returns the version of a handshake's page, noScript if it has none.
func scriptOf(r *http.Request) int {
	if !strings.Contains(r.URL.RawQuery, scriptQuery) {
		return noScript // most do not even have the word
	}
	query := r.URL.Query()
	if !query.Has(scriptQuery) {
		return noScript
	}
	version, err := strconv.Atoi(query.Get(scriptQuery))
	if err != nil {
		return oldScript
	}
	return max(version, oldScript)
}
