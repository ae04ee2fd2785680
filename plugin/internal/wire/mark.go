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

// A mark is what a Wire knows its server by: one more transport, under a name
// that nobody else knows. It opens nothing. go-socket.io keeps its options to
// itself, but answers a request for a transport that it does not have before
// anything else, and otherwise than one for a transport that fails.
type mark struct{ name string }

var _ transport.Transport = mark{}

var errMark = errors.New("transport: this is no transport")

// Name implements transport.Transport.
func (m mark) Name() string { return m.name }

// Accept implements transport.Transport.
func (mark) Accept(http.ResponseWriter, *http.Request) (transport.Conn, error) { return nil, errMark }

// Dial implements transport.Transport.
func (mark) Dial(*url.URL, http.Header) (transport.Conn, error) { return nil, errMark }

// isOn tells whether a server was made with the mark.
func (m mark) isOn(server *socketio.Server) bool {
	ctx := context.WithValue(context.Background(), markKey{}, m)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/?transport="+m.name, nil)
	if err != nil {
		return false
	}
	answer := status{header: make(http.Header)}
	server.ServeHTTP(&answer, r)
	return answer.code == http.StatusBadGateway // a transport that it does not have gets 400
}

type markKey struct{}

// pass lets a RequestChecker hear of clients only.
func (m mark) pass(check engineio.CheckerFunc) engineio.CheckerFunc {
	if check == nil {
		return nil
	}
	return func(r *http.Request) (http.Header, error) {
		if r.Context().Value(markKey{}) == m {
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
