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

// A server is the go-socket.io server under a Wire, and all that is asked of it.
type server struct {
	*socketio.Server // nil until Handler has it
	fingerprint      fingerprint
}

// has tells whether the server has a namespace. It asks to leave a room that
// does not exist there: go-socket.io has no other question without effect. The
// answer waits for broadcasts, which wait for NextWriter: no lock may be held
// that this needs.
func (s *server) has(namespace string) bool {
	return s.LeaveRoom(namespace, "\x00 no room", nil)
}

// conn returns go-socket.io's connection of an id in the root, nil when there is
// none.
func (s *server) conn(id string) (conn socketio.Conn) {
	s.ForEach("/", id, func(c socketio.Conn) { conn = c })
	return conn
}

// A fingerprint is what a Wire knows its server by: one more transport, under a name
// that nobody else knows. It opens nothing. go-socket.io keeps its options to
// itself, but answers a request for a transport that it does not have before
// anything else, and otherwise than one for a transport that fails.
type fingerprint struct{ name string }

var _ transport.Transport = fingerprint{}

var errFingerprint = errors.New("transport: this is no transport")

// Name implements transport.Transport.
func (b fingerprint) Name() string { return b.name }

// Accept implements transport.Transport.
func (fingerprint) Accept(http.ResponseWriter, *http.Request) (transport.Conn, error) {
	return nil, errFingerprint
}

// Dial implements transport.Transport.
func (fingerprint) Dial(*url.URL, http.Header) (transport.Conn, error) { return nil, errFingerprint }

// isOn tells whether a server was made with the fingerprint.
func (b fingerprint) isOn(server *socketio.Server) bool {
	ctx := context.WithValue(context.Background(), fingerprintKey{}, b)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/?transport="+b.name, nil)
	if err != nil {
		return false
	}
	answer := statusRecorder{header: make(http.Header)}
	server.ServeHTTP(&answer, r)
	return answer.code == http.StatusBadGateway // a transport that it does not have gets 400
}

type fingerprintKey struct{}

// exempt lets a RequestChecker hear of clients only.
func (b fingerprint) exempt(check engineio.CheckerFunc) engineio.CheckerFunc {
	if check == nil {
		return nil
	}
	return func(r *http.Request) (http.Header, error) {
		if r.Context().Value(fingerprintKey{}) == b {
			return nil, nil
		}
		return check(r)
	}
}

// A statusRecorder is an answer of which only the status counts.
type statusRecorder struct {
	header http.Header
	code   int
}

func (s *statusRecorder) Header() http.Header         { return s.header }
func (s *statusRecorder) WriteHeader(code int)        { s.code = code }
func (s *statusRecorder) Write(b []byte) (int, error) { return len(b), nil }
