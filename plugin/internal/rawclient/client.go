package rawclient

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The transports of Engine.IO.
const (
	Polling   = "polling"
	Websocket = "websocket"
)

// A Client is one connection, from before it is opened. Set what it needs and
// call Open. One goroutine may read while others send.
type Client struct {
	TB        testing.TB        // the test: it fails by this, and the context is this one's
	URL       string            // what Socket.IO is served at, such as http://127.0.0.1:3000/socket.io/
	Query     string            // what else its requests ask for, such as "&ticket=x"
	Transport string            // Polling or Websocket
	Version   int               // of Engine.IO: 3 or 4
	Header    http.Header       // of its requests: a cookie, an origin
	HTTP      *http.Client      // nil: http.DefaultClient
	Dialer    *websocket.Dialer // nil: websocket.DefaultDialer
	Mute      bool              // it leaves the pings of version 4 unanswered
	Patience  time.Duration     // how long it waits for a packet or an answer; 0: Patience
	Idle      time.Duration     // how long it waits for a packet alone; 0: as long

	// Stock says that go-socket.io's own transports may serve it. They answer a
	// handshake before they know its id, and end JSON with a new line.
	Stock bool

	ID string          // of the transport, as OPEN tells it
	WS *websocket.Conn // nil while it polls; Open takes one that is here already

	sending sync.Mutex // held while packets are sent, by a reader too: it answers pings
	pending []Packet   // what the last GET brought
	polled  bool       // a GET has succeeded since the handshake
}

func (c *Client) patience() time.Duration { return cmp.Or(c.Patience, Patience) }

func (c *Client) idle() time.Duration { return cmp.Or(c.Idle, c.patience()) }

// Open makes the handshake and reads OPEN. Its error is a *StatusError if the
// server has refused it.
func (c *Client) Open() error {
	if c.Transport == Websocket && c.WS == nil {
		if err := c.Dial(); err != nil {
			return err
		}
	}
	packet, err := c.Next()
	if err != nil {
		return err
	}
	open, ok := strings.CutPrefix(packet.String(), "0")
	var handshake struct{ SID string }
	if err := json.Unmarshal([]byte(open), &handshake); err != nil || !ok {
		return fmt.Errorf("first packet %.100q, want OPEN", packet)
	}
	c.ID = handshake.SID
	return nil
}

// MustOpen is Open where the server must not refuse.
func (c *Client) MustOpen() {
	c.TB.Helper()
	if err := c.Open(); err != nil {
		c.TB.Fatalf("the handshake: %v", err)
	}
}

// Address is where its next request goes.
func (c *Client) Address() string {
	address := fmt.Sprintf("%s?EIO=%d&transport=%s%s", c.URL, c.Version, c.Transport, c.Query)
	if c.ID != "" {
		address += "&sid=" + c.ID
	}
	return address
}

// A StatusError is an answer of HTTP that is not the one hoped for.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// Dial opens the websocket, which the end of the test closes, and reads nothing
// yet. Its errors are those of Open.
func (c *Client) Dial() error {
	dialer := c.Dialer
	if dialer == nil {
		dialer = websocket.DefaultDialer
	}
	ctx, cancel := context.WithTimeout(c.TB.Context(), c.patience())
	defer cancel()
	ws, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(c.Address(), "http"), c.Header)
	if err != nil {
		if response == nil {
			return err
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body) // it is in memory
		return &StatusError{response.StatusCode, string(body)}
	}
	c.TB.Cleanup(func() { ws.Close() })
	c.WS = ws
	return nil
}

// Beside opens a websocket for the connection of a client that polls, with the
// headers of a request of its own. Nothing is said on it yet, and c goes on.
func (c *Client) Beside(header http.Header) (*Client, error) {
	over := &Client{
		TB: c.TB, URL: c.URL, Query: c.Query, Transport: Websocket, Version: c.Version, Header: header,
		HTTP: c.HTTP, Dialer: c.Dialer, Mute: c.Mute, Patience: c.Patience, Stock: c.Stock, ID: c.ID,
	}
	return over, over.Dial()
}

// Probe is Beside up to where the client knows that the websocket works.
func (c *Client) Probe(header http.Header) *Client {
	c.TB.Helper()
	over, err := c.Beside(header)
	if err != nil {
		c.TB.Fatalf("the upgrade: %v", err)
	}
	over.Say("2probe")
	if packet, err := over.Next(); err != nil || packet.String() != "3probe" {
		c.TB.Fatalf("got %.100q, %v, want 3probe", packet, err)
	}
	return over
}

// Upgrade moves a client that polls to a websocket as clients do: with a GET under
// way, whose packets count.
func (c *Client) Upgrade(header http.Header) {
	c.TB.Helper()
	over := c.Probe(header)
	for paused := false; !paused; {
		packets, err := c.Poll()
		if err != nil {
			c.TB.Fatalf("a GET during the upgrade: %v", err)
		}
		for _, p := range packets {
			if paused = p.String() == "6"; !paused {
				c.pending = append(c.pending, p)
			}
		}
	}
	over.Say("5")
	c.Move(over)
}

// Move takes the websocket of Probe or Beside for its own, when "5" was said on
// it.
func (c *Client) Move(over *Client) { c.Transport, c.WS = over.Transport, over.WS }

// HangUp ends the connection: over a websocket without a word.
func (c *Client) HangUp() {
	if c.WS != nil {
		c.WS.Close()
	} else {
		_ = c.Try("1")
	}
}

// readFrame reads from the websocket.
func (c *Client) readFrame() (Packet, error) {
	if err := c.WS.SetReadDeadline(time.Now().Add(c.idle())); err != nil {
		return Packet{}, err
	}
	kind, b, err := c.WS.ReadMessage()
	p := Packet{Binary: kind == websocket.BinaryMessage, Data: b}
	if p.Binary && c.Version == 3 && len(b) > 0 {
		p.Data = b[1:]
	}
	return p, err
}

// writeFrame writes to the websocket.
func (c *Client) writeFrame(p Packet) error {
	if err := c.WS.SetWriteDeadline(time.Now().Add(c.patience())); err != nil {
		return err
	}
	if !p.Binary {
		return c.WS.WriteMessage(websocket.TextMessage, p.Data)
	}
	if c.Version == 3 {
		return c.WS.WriteMessage(websocket.BinaryMessage, append([]byte{4}, p.Data...))
	}
	return c.WS.WriteMessage(websocket.BinaryMessage, p.Data)
}
