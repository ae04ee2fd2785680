// Package clientjs holds the browser's part of socketio-sessions, socket.io-sessions.js, and serves it.
package clientjs

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

//go:embed socket.io-sessions.js
var script string

// Script returns the source of socket.io-sessions.js, for apps that bundle or serve it themselves.
func Script() string { return script }

// Handler serves socket.io-sessions.js as Serve does.
func Handler() http.Handler { return Serve(script) }

// Serve returns a handler that answers every path and query with source, a JavaScript file that is the same for
// everyone. Browsers may keep it but ask each time whether it is still the one: the ETag is a hash of the source, and
// the answer to a known one is 304. Methods other than GET and HEAD get 405.
func Serve(source string) http.Handler {
	sum := sha256.Sum256([]byte(source))
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		header.Set("Content-Type", "text/javascript; charset=utf-8")
		header.Set("Cache-Control", "no-cache")
		header.Set("ETag", etag)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(source))
	})
}
