package wire

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/transport"
)

// A server is the go-socket.io server of a Wire.
type server struct {
	*socketio.Server // nil before Wire.Handler
	fingerprint      fingerprint
}

// conn returns go-socket.io's connection in the root, nil if there is none.
func (s *server) conn(id string) (conn socketio.Conn) {
	s.ForEach("/", id, func(c socketio.Conn) { conn = c })
	return conn
}

// A fingerprint is how a Wire recognizes its server: a transport with a secret name,
// which opens no connection. go-socket.io does not show its options, but it answers
// a request for an unknown transport differently from one for a transport that
// fails.
type fingerprint struct{ name string }

var _ transport.Transport = fingerprint{}

// anyWire is on the servers of all Wires. Its name is no secret: it opens nothing.
var anyWire = fingerprint{"socketio-sessions"}

var errFingerprint = errors.New("transport: this is no transport")

// Name implements transport.Transport.
func (b fingerprint) Name() string { return b.name }

// Accept implements transport.Transport.
func (fingerprint) Accept(http.ResponseWriter, *http.Request) (transport.Conn, error) {
	return nil, errFingerprint
}

// Dial implements transport.Transport.
func (fingerprint) Dial(*url.URL, http.Header) (transport.Conn, error) { return nil, errFingerprint }

// isOn reports whether a server was made with the fingerprint.
func (b fingerprint) isOn(server *socketio.Server) bool {
	ctx := context.WithValue(context.Background(), fingerprintKey{}, b)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/?transport="+b.name, nil)
	if err != nil {
		return false
	}
	answer := statusRecorder{header: make(http.Header)}
	server.ServeHTTP(&answer, r)
	return answer.code == http.StatusBadGateway // an unknown transport gets 400
}

type fingerprintKey struct{}

// exempt hides the requests of isOn from a RequestChecker.
func (b fingerprint) exempt(check engineio.CheckerFunc) engineio.CheckerFunc {
	if check == nil {
		return nil
	}
	return func(r *http.Request) (http.Header, error) {
		if asked := r.Context().Value(fingerprintKey{}); asked == b || asked == anyWire {
			return nil, nil
		}
		return check(r)
	}
}

// A statusRecorder is a ResponseWriter that keeps only the status.
type statusRecorder struct {
	header http.Header
	code   int
}

func (s *statusRecorder) Header() http.Header         { return s.header }
func (s *statusRecorder) WriteHeader(code int)        { s.code = code }
func (s *statusRecorder) Write(b []byte) (int, error) { return len(b), nil }
