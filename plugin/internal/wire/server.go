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
	badge            badge
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

// A badge is what a Wire knows its server by: one more transport, under a name
// that nobody else knows. It opens nothing. go-socket.io keeps its options to
// itself, but answers a request for a transport that it does not have before
// anything else, and otherwise than one for a transport that fails.
type badge struct{ name string }

var _ transport.Transport = badge{}

var errBadge = errors.New("transport: this is no transport")

// Name implements transport.Transport.
func (b badge) Name() string { return b.name }

// Accept implements transport.Transport.
func (badge) Accept(http.ResponseWriter, *http.Request) (transport.Conn, error) { return nil, errBadge }

// Dial implements transport.Transport.
func (badge) Dial(*url.URL, http.Header) (transport.Conn, error) { return nil, errBadge }

// isOn tells whether a server was made with the badge.
func (b badge) isOn(server *socketio.Server) bool {
	ctx := context.WithValue(context.Background(), badgeKey{}, b)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/?transport="+b.name, nil)
	if err != nil {
		return false
	}
	answer := status{header: make(http.Header)}
	server.ServeHTTP(&answer, r)
	return answer.code == http.StatusBadGateway // a transport that it does not have gets 400
}

type badgeKey struct{}

// pass lets a RequestChecker hear of clients only.
func (b badge) pass(check engineio.CheckerFunc) engineio.CheckerFunc {
	if check == nil {
		return nil
	}
	return func(r *http.Request) (http.Header, error) {
		if r.Context().Value(badgeKey{}) == b {
			return nil, nil
		}
		return check(r)
	}
}

// A status is an answer of which only the status counts.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header         { return s.header }
func (s *status) WriteHeader(code int)        { s.code = code }
func (s *status) Write(b []byte) (int, error) { return len(b), nil }
