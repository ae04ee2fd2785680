package plugintest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A Server is what clients connect to. It is safe for concurrent use.
type Server struct {
	// URL is the root of the server, without a slash at its end:
	// "http://127.0.0.1:40000". The app's pages are below it: a test may log in by
	// http.PostForm(srv.URL+"/login", …), and dial with a cookie of the answer.
	URL string

	tb testing.TB
	settings
}

// New serves handler on a free port of 127.0.0.1 until the test ends. The handler is the
// app's whole mux, or the Sessions alone. The app itself is the test's to set up and to
// end: New neither calls the Socket.IO server's Serve nor the sessions' Close.
func New(tb testing.TB, handler http.Handler, options ...Option) *Server {
	tb.Helper()
	onlyInTests()
	web := httptest.NewServer(handler)
	tb.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
	})
	return At(tb, web.URL, options...)
}

// At is [New] for a server that is up already, at the root of url: another process, or an
// httptest.Server of the test's own.
func At(tb testing.TB, url string, options ...Option) *Server {
	tb.Helper()
	onlyInTests()
	return &Server{URL: strings.TrimSuffix(url, "/"), tb: tb, settings: defaults().with(options)}
}

// In returns the same server for a subtest: its clients fail that and end with it.
func (s *Server) In(tb testing.TB) *Server {
	tb.Helper()
	in := *s
	in.tb = tb
	return &in
}
