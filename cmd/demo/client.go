package main

import (
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/socketio-sessions/socketio-sessions/clientjs"
)

// npmCopy is where npm puts the client, seen from the root of the repository.
const npmCopy = "clientjs/node_modules/socket.io-client/dist/socket.io.js"

// readClient returns the socket.io.js to serve, "" when there is none.
func readClient(file string) string {
	if file == "" {
		file = findUp(npmCopy)
	}
	script, err := os.ReadFile(file) //nolint:gosec // it is the operator's own flag
	if err != nil {
		return ""
	}
	return string(script)
}

func (d *demo) clientScript() http.Handler {
	if d.client == "" {
		return http.NotFoundHandler()
	}
	return clientjs.Serve(d.client)
}

// findUp looks for name in the folders above this source file, the program
// and, last, the working directory, so that the demo runs from any folder. A
// build with -trimpath has no source file to start from.
func findUp(name string) string {
	var starts []string
	if _, source, _, ok := runtime.Caller(0); ok && filepath.IsAbs(source) {
		starts = append(starts, source)
	}
	if program, err := os.Executable(); err == nil {
		starts = append(starts, program)
	}
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			file := filepath.Join(dir, name)
			if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
				return file
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return ""
}

func (d *demo) warnOfMissingClient() {
	if d.client == "" {
		d.log.Warn("no socket.io.js to serve: the page takes it from a CDN. Run `npm ci` in clientjs/, or set -client")
	}
}
