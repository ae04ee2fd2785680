package wire

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/gorilla/websocket"
)

// The names of the transports in requests.
const (
	namePolling   = "polling"
	nameWebsocket = "websocket"
)

// The front puts an admitted into the context of each handshake that it lets pass.
type admitted struct {
	shared  *shared
	version int // of Engine.IO
}

type admittedKey struct{}

// An acceptor is one transport, as go-socket.io sees it. It only opens
// connections: a Conn upgrades by itself.
type acceptor struct {
	shared *shared
	name   string
}

var _ transport.Transport = acceptor{}

func (a acceptor) Name() string { return a.name }

// Accept opens a connection for a handshake that the front has let pass.
func (a acceptor) Accept(w http.ResponseWriter, r *http.Request) (transport.Conn, error) {
	passed, _ := r.Context().Value(admittedKey{}).(admitted)
	if passed.shared != a.shared {
		a.shared.noticeBypass()
		return nil, errors.New("transport: mount the Sessions that plugin.Enable has returned, or Wire.Handler, not the server itself")
	}
	c := newConn(a.shared, r, passed.version)
	if a.shared.err != nil || !a.shared.registry.begin(c) {
		return nil, errors.New("transport: closed")
	}
	var ws *websocket.Conn
	if a.name == nameWebsocket {
		var err error
		if ws, err = a.shared.upgrader.Upgrade(hijacker{w, c, a.shared}, r, w.Header()); err != nil {
			a.shared.registry.opened(c)
			a.shared.observer.refused(r, RefusedMalformed)
			if first, ok := w.(*onceWriter); ok {
				first.given = true // the upgrader has answered
			}
			return nil, err
		}
	}
	a.shared.expectServe()
	c.start(time.Now())
	if ws != nil {
		c.use(a.shared.limit(ws)) // from here on the connection may end
	}
	return c, nil
}

// Dial implements transport.Transport. It fails: this transport is for servers.
func (acceptor) Dial(*url.URL, http.Header) (transport.Conn, error) {
	return nil, errors.New("transport: cannot dial")
}

// A onceWriter drops a second answer. go-socket.io answers each failed handshake,
// even after the websocket's upgrader has, and net/http would log that.
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
