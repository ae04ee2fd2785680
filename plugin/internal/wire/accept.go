package wire

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/gorilla/websocket"
)

// The transports, as requests name them.
const (
	namePolling   = "polling"
	nameWebsocket = "websocket"
)

// admitted is in the context of the handshakes that have passed a front.
type admitted struct {
	shared  *shared
	version int // of Engine.IO
}

type admittedKey struct{}

// acceptor is one transport, as go-socket.io sees it: it only opens
// connections. What a connection does later, and what it moves to, is its own.
type acceptor struct {
	shared *shared
	name   string
}

var _ transport.Transport = acceptor{}

func (a acceptor) Name() string { return a.name }

// Accept opens a connection for a handshake that has passed the front.
func (a acceptor) Accept(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
	passed, _ := r.Context().Value(admittedKey{}).(admitted)
	if passed.shared != a.shared {
		return nil, errors.New("transport: serve Wire.Handler, or the plugin's with Options.Transport set, not the server itself")
	}
	c := newConn(a.shared, r, passed.version)
	if !a.shared.registry.begin(c) {
		return nil, errors.New("transport: closed")
	}
	var ws *websocket.Conn
	if a.name == nameWebsocket {
		var err error
		if ws, err = a.shared.upgrader.Upgrade(hijacker{w, c, &a.shared.options}, r, w.Header()); err != nil {
			a.shared.registry.opened(c)
			if first, ok := w.(*onceWriter); ok {
				first.given = true // by the upgrader
			}
			return nil, err
		}
	}
	c.start(time.Now())
	if ws != nil {
		c.use(a.shared.limit(ws)) // now it may also fail
	}
	return c, nil
}

// Dial implements transport.Transport. This is a server's transport only.
func (acceptor) Dial(*url.URL, http.Header) (transport.Conn, error) {
	return nil, errors.New("transport: cannot dial")
}

// A onceWriter answers once: go-socket.io answers a handshake that has failed also
// where the websocket's upgrader has answered, and net/http logs each.
type onceWriter struct {
	http.ResponseWriter
	given bool
}

func (a *onceWriter) WriteHeader(status int) {
	if !a.given {
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *onceWriter) Write(b []byte) (int, error) {
	if a.given {
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (a *onceWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }
