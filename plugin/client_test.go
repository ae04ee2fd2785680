package plugin_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// A kind is how a client connects, and its version of Engine.IO: 3 or 4.
type kind struct {
	transport string
	version   int
}

const (
	overWebsocket = rawclient.Websocket
	overPolling   = rawclient.Polling
)

// client is a raw client of an app.
type client struct {
	*testing.T
	*rawclient.Client
	app     *app
	goodbye string // what comes between the reason and the end, see ends
	lingers bool   // the server leaves it to the client to hang up
}

// client makes a client that is yet to be opened.
func (a *app) client(k kind, header http.Header) *client {
	return &client{T: a.T, app: a, Client: &rawclient.Client{
		TB: a.T, URL: a.url + "/socket.io/", Query: "&b64=1", Transport: k.transport, Version: k.version,
		Header: header, HTTP: a.browser, Stock: !a.wired(),
	}}
}

// open makes a client that has read OPEN. The status says why there is none.
func (a *app) open(k kind, header http.Header) (c *client, status int) {
	a.Helper()
	c = a.client(k, header)
	if status = c.open(); status != http.StatusOK {
		return nil, status
	}
	return c, status
}

func (c *client) open() (status int) {
	c.Helper()
	if status = c.app.status(c.Open()); status == http.StatusOK && c.Transport == overPolling {
		c.Cleanup(c.HangUp) // or the server would give it some time
	}
	return status
}

// status is what HTTP has answered, which it must have.
func (a *app) status(err error) int {
	a.Helper()
	var refused *rawclient.StatusError
	switch {
	case err == nil:
		return http.StatusOK
	case !errors.As(err, &refused):
		a.Fatal(err)
	}
	return refused.Status
}

func withCookie(cookie string) http.Header {
	if cookie == "" {
		return http.Header{}
	}
	return http.Header{"Cookie": {cookie}}
}

// connect makes a client with a cookie.
func (a *app) connect(k kind, cookie string) *client {
	a.Helper()
	c, status := a.open(k, withCookie(cookie))
	if c == nil {
		a.Fatalf("the handshake got %d", status)
	}
	return c
}

// enterAs connects and expects to be let in.
func (a *app) enterAs(k kind, cookie string) *client {
	a.Helper()
	c := a.stepIn(k, cookie)
	c.admitted("/")
	return c
}

// stepIn is enterAs for a stay that may end at once.
func (a *app) stepIn(k kind, cookie string) *client {
	a.Helper()
	c := a.connect(k, cookie)
	c.Connect("/", "")
	c.enters("/")
	return c
}

// dial and enter are for the plainest kind of client.
func (a *app) dial(cookie string) *client {
	a.Helper()
	return a.connect(kind{overWebsocket, 3}, cookie)
}

func (a *app) enter(cookie string) *client {
	a.Helper()
	return a.enterAs(kind{overWebsocket, 3}, cookie)
}

// request makes an HTTP request and returns the answer.
func (a *app) request(method, url string, header http.Header, body string) (status int, answer string) {
	a.Helper()
	if method == http.MethodPost {
		header = header.Clone()
		header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	got := rawclient.Request(a, a.browser, method, url, header, body)
	return got.Status, got.Body
}

// send sends one packet, try tells whether it could.
func (c *client) send(packet string) {
	c.Helper()
	c.Say(packet)
}

func (c *client) try(packet string) bool { return c.Try(packet) == nil }

// read returns the next packet of Socket.IO, or version 3's pong; "closed" when
// the server has hung up.
func (c *client) read() string {
	c.Helper()
	got, err := c.Read()
	return c.orClosed(got, err)
}

// next returns the next packet, also one of Engine.IO.
func (c *client) next() string {
	c.Helper()
	p, err := c.Next()
	return c.orClosed(p.String(), err)
}

func (c *client) orClosed(packet string, err error) string {
	c.Helper()
	if rawclient.Ended(err) {
		return "closed"
	}
	if err != nil {
		c.Fatalf("no packet came: %v", err)
	}
	return packet
}
