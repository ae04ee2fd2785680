package rawclient

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Send sends packets: by POSTs of about a megabyte while it polls.
func (c *Client) Send(packets ...Packet) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.WS != nil {
		for _, p := range packets {
			if err := c.writeFrame(p); err != nil {
				return err
			}
		}
		return nil
	}
	var body []byte
	for i, p := range packets {
		body = AppendPayload(body, c.Version, p)
		if i < len(packets)-1 && len(body)+len(packets[i+1].Data) < 1<<20 {
			continue
		}
		if err := c.Post(body, "text/plain;charset=UTF-8"); err != nil {
			return err
		}
		body = nil
	}
	return nil
}

// Try sends text to a server that may have hung up.
func (c *Client) Try(lines ...string) error { return c.Send(Text(lines...)...) }

// Say sends text, which must work.
func (c *Client) Say(lines ...string) {
	c.TB.Helper()
	if err := c.Try(lines...); err != nil {
		c.TB.Fatalf("send %.100q: %v", lines, err)
	}
}

// Next returns the next packet, whatever it is. Its error says that the server
// has hung up, or what else has gone wrong: see Ended.
func (c *Client) Next() (p Packet, err error) {
	if c.WS != nil && len(c.pending) == 0 {
		p, err = c.readFrame()
	} else {
		p, err = c.nextPolled()
	}
	if c.Stock && !p.Binary {
		p.Data = bytes.TrimSpace(p.Data)
	}
	return p, err
}

func (c *Client) nextPolled() (p Packet, err error) {
	for late := time.Now().Add(c.patience()); len(c.pending) == 0; {
		c.pending, err = c.Poll()
		var refused *StatusError
		early := c.Stock && !c.polled && c.ID != "" && errors.As(err, &refused) && refused.Status == http.StatusBadRequest
		if err != nil && (!early || time.Now().After(late)) {
			return Packet{}, err
		}
		c.polled = err == nil && c.ID != ""
	}
	p, c.pending = c.pending[0], c.pending[1:]
	if p.String() == "1" {
		return Packet{}, io.EOF
	}
	return p, nil
}

// Ended tells of an error of Next whether the server has hung up: not that
// nothing came in Patience, nor that there was no answer or no payload.
func Ended(err error) bool {
	var late net.Error
	var failed *url.Error
	if errors.As(err, &failed) || errors.As(err, &late) && late.Timeout() {
		return false
	}
	return err != nil
}

// Receive returns the next packet that is no ping, which it answers, and, from a
// GET, not "nothing new". What a client of version 3 gets for its own pings, it
// returns.
func (c *Client) Receive() (Packet, error) {
	for late := time.Now().Add(c.idle()); ; {
		p, err := c.Next()
		switch {
		case err != nil:
			return p, err
		case p.String() == "2" && c.Version == 4:
			if !c.Mute {
				_ = c.Try("3") // what follows tells
			}
		case p.String() == "6" && c.WS == nil:
		default:
			return p, nil
		}
		if time.Now().After(late) {
			return p, errors.New("nothing but heartbeats")
		}
	}
}

// Read returns the text of Receive.
func (c *Client) Read() (string, error) {
	p, err := c.Receive()
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// Hear reads packets, which must be as wanted. One that ends in * is only a
// beginning.
func (c *Client) Hear(lines ...string) {
	c.TB.Helper()
	for _, want := range lines {
		got, err := c.Read()
		prefix, open := strings.CutSuffix(want, "*")
		if err != nil || got != want && (!open || !strings.HasPrefix(got, prefix)) {
			c.TB.Fatalf("got %.200q, %v, want %.200q", got, err, want)
		}
	}
}

// HearEnd reads the end of the connection, before which nothing must come.
func (c *Client) HearEnd() {
	c.TB.Helper()
	if got, err := c.Read(); !Ended(err) {
		c.TB.Fatalf("got %.200q, %v, want the end", got, err)
	}
}

// SkipTo reads until a packet that begins with prefix, and returns what follows
// that.
func (c *Client) SkipTo(prefix string) string {
	c.TB.Helper()
	for {
		got, err := c.Read()
		if err != nil {
			c.TB.Fatalf("waiting for %q: %v", prefix, err)
		}
		if rest, ok := strings.CutPrefix(got, prefix); ok {
			return rest
		}
	}
}
