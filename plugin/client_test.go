package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A kind is how a client connects, and its version of Engine.IO: 3 or 4.
type kind struct {
	transport string
	version   int
}

const (
	overWebsocket = "websocket"
	overPolling   = "polling"
)

// client is a raw client, on whatever wire it uses.
type client struct {
	*testing.T
	app *app
	kind
	header  http.Header     // of its requests
	sid     string          // the transport's id
	ws      *websocket.Conn // nil while it polls
	pending []string        // what the last GET brought
	polled  bool            // a GET has succeeded
	goodbye string          // what comes between the reason and the end, see ends
	lingers bool            // the server leaves it to the client to hang up
}

// open makes a client that has read OPEN. The status says why there is none.
func (a *app) open(k kind, header http.Header) (c *client, status int) {
	a.Helper()
	c = &client{T: a.T, app: a, kind: k, header: header}
	if k.transport == overWebsocket {
		if c.ws, status = a.upgrade(c.address(), header); c.ws == nil {
			return nil, status
		}
	} else {
		var body string
		if status, body = a.request(http.MethodGet, c.address(), header, ""); status != http.StatusOK {
			return nil, status
		}
		c.pending = packetsOf(body, k.version)
		a.Cleanup(c.hangUp) // or the server would give it some time
	}
	open, ok := strings.CutPrefix(c.read(), "0")
	var handshake struct{ SID string }
	if err := json.Unmarshal([]byte(open), &handshake); err != nil || !ok {
		a.Fatalf("first packet %q, want OPEN", open)
	}
	c.sid = handshake.SID
	return c, http.StatusOK
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
	c := a.connect(k, cookie)
	if k.version == 4 {
		c.send("40")
	}
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

func (c *client) address() string {
	url := fmt.Sprintf("%s/socket.io/?EIO=%d&transport=%s&b64=1", c.app.url, c.version, c.transport)
	if c.sid != "" {
		url += "&sid=" + c.sid
	}
	return url
}

// upgrade opens a websocket; the status says why there is none.
func (a *app) upgrade(url string, header http.Header) (*websocket.Conn, int) {
	a.Helper()
	ws, response, err := websocket.DefaultDialer.DialContext(a.Context(), "ws"+strings.TrimPrefix(url, "http"), header)
	if err != nil {
		if response == nil {
			a.Fatal(err)
		}
		return nil, response.StatusCode
	}
	a.Cleanup(func() { ws.Close() })
	return ws, http.StatusOK
}

// request makes an HTTP request and returns the answer.
func (a *app) request(method, url string, header http.Header, body string) (status int, answer string) {
	a.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.Context()), patience) // clients hang up in Cleanup
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	r.Header = header.Clone()
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	}
	response, err := a.browser.Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		a.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// payloadOf makes a payload of one packet of ASCII text.
func payloadOf(packet string, version int) string {
	if version == 4 {
		return packet
	}
	return fmt.Sprintf("%d:%s", len(packet), packet)
}

// packetsOf takes a payload of ASCII text apart.
func packetsOf(payload string, version int) (packets []string) {
	if version == 4 {
		return strings.Split(payload, "\x1e")
	}
	for payload != "" {
		size, rest, _ := strings.Cut(payload, ":")
		n, err := strconv.Atoi(size)
		if err != nil || n > len(rest) {
			return append(packets, "broken payload "+payload)
		}
		packets, payload = append(packets, strings.TrimSpace(rest[:n])), rest[n:]
	}
	return packets
}

// send sends one packet, try that and more tells whether it could.
func (c *client) send(packet string) {
	c.Helper()
	if !c.try(packet) {
		c.Fatalf("could not send %.100q", packet)
	}
}

func (c *client) try(packet string) bool {
	c.Helper()
	if c.ws != nil {
		return c.ws.WriteMessage(websocket.TextMessage, []byte(packet)) == nil
	}
	status, _ := c.app.request(http.MethodPost, c.address(), c.header, payloadOf(packet, c.version))
	return status == http.StatusOK
}

// hangUp ends the connection, without a word where there is a wire to cut.
func (c *client) hangUp() {
	c.Helper()
	if c.ws != nil {
		c.ws.Close()
	} else {
		c.try("1")
	}
}

// read returns the next packet of Socket.IO, or version 3's pong; "closed" when
// the server has hung up.
func (c *client) read() string {
	c.Helper()
	for {
		packet := c.next()
		switch {
		case packet == "2" && c.version == 4:
			c.try("3")
		case packet == "6" && c.ws == nil: // says nothing
		default:
			return packet
		}
	}
}

// next returns the next packet, also one of Engine.IO.
func (c *client) next() (packet string) {
	c.Helper()
	for len(c.pending) == 0 {
		if c.ws != nil {
			return c.receive()
		}
		status, body := c.app.request(http.MethodGet, c.address(), c.header, "")
		// Stock transports answer the handshake before they know its id.
		early := status == http.StatusBadRequest && !c.app.wired() && !c.polled
		if status != http.StatusOK && !early {
			return "closed"
		}
		if c.polled = !early; c.polled {
			c.pending = packetsOf(body, c.version)
		}
	}
	packet, c.pending = c.pending[0], c.pending[1:]
	if packet == "1" {
		return "closed"
	}
	return packet
}

func (c *client) receive() string {
	c.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	_, b, err := c.ws.ReadMessage()
	if netErr, ok := err.(interface{ Timeout() bool }); ok && netErr.Timeout() {
		c.Fatal("no packet came")
	}
	if err != nil {
		return "closed"
	}
	return string(bytes.TrimSpace(b))
}
