package wire

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// mistakes are what an app can get wrong that only a request shows. It logs the cause and
// the remedy.
type mistakes struct {
	serving                  atomic.Bool // go-socket.io has taken over a connection
	idle, bypassed, rootless sync.Once
}

// serveWait is how long go-socket.io may take for the first connection.
const serveWait = 3 * time.Second

// expectServe logs once that the server does not serve, if it has not taken over any
// connection within serveWait from the first.
func (s *shared) expectServe() {
	if s.mistakes.serving.Load() {
		return
	}
	s.mistakes.idle.Do(func() {
		time.AfterFunc(serveWait, func() {
			if !s.mistakes.serving.Load() {
				s.options.Logger.Error("transport: no client gets in, as the server does not serve: call go server.Serve()")
			}
		})
	})
}

// noticeBypass logs once that requests reach the server and not what is before it.
func (s *shared) noticeBypass() {
	s.mistakes.bypassed.Do(func() {
		s.options.Logger.Error("transport: requests reach the socketio.Server itself, and are refused: mount the Sessions that plugin.Enable has returned, with Options.Transport set, or without sessions Wire.Handler(server)")
	})
}

// refuseRootless answers the handshakes of a server that serves nobody: go-socket.io would
// refuse every client, and keep its session for ever.
func (s *shared) refuseRootless(w http.ResponseWriter) {
	const remedy = `transport: the server has no handler in namespace "/", and go-socket.io serves nobody without: register one`
	s.mistakes.rootless.Do(func() { s.options.Logger.Error(remedy) })
	http.Error(w, remedy, http.StatusInternalServerError)
}

// noticeOrigin logs that a page may not connect. A visitor can cause that, so the
// Logger's limit holds.
func (s *shared) noticeOrigin(r *http.Request) {
	s.options.Logger.Warn("transport: a page may not connect, since its origin is not the host of the request: let proxies pass on Host as it came, or list the origin in AllowedOrigins",
		"origin", r.Header.Get("Origin"), "host", r.Host)
}
