package plugintest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// forever is how long a connection may be idle. The end of the test ends it.
const forever = time.Hour

// A conn is one connection, which the clients of its namespaces share.
type conn struct {
	tb testing.TB
	settings
	raw    *rawclient.Client
	cancel context.CancelFunc // of what HTTP has under way
	hangUp sync.Once
	done   chan struct{} // closed when the reader has ended

	mu      sync.Mutex // guards what follows, and the clients' fields that say so
	clients map[string]*Client
	asked   int           // how many acknowledgements were asked for
	changed chan struct{} // closed and replaced when the reader has heard something
	over    bool          // the connection has ended
	err     error         // why the reader has ended
}

func newConn(tb testing.TB, url string, s settings) *conn {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	web := &http.Transport{Proxy: http.ProxyFromEnvironment}
	c := &conn{
		tb: tb, settings: s, cancel: cancel,
		done: make(chan struct{}), changed: make(chan struct{}), clients: make(map[string]*Client),
	}
	query := "&" + s.query.Encode()
	if len(s.query) == 0 {
		query = ""
	}
	c.raw = &rawclient.Client{
		TB: tb, URL: url + s.path, Query: query, Transport: rawclient.Websocket, Version: s.version, Header: s.header,
		HTTP: &http.Client{Transport: abort{ctx, web}}, Patience: s.patience, Stock: s.version == 3,
	}
	if s.polling {
		c.raw.Transport = rawclient.Polling
	}
	if s.polling && s.version == 3 {
		c.raw.Query += "&b64=1"
	}
	tb.Cleanup(web.CloseIdleConnections)
	return c
}

// start reads until the connection or the test ends.
func (c *conn) start() {
	c.raw.Idle = forever
	go c.read() // until close, at the latest
	c.tb.Cleanup(c.close)
}

// close hangs up and waits for the reader.
func (c *conn) close() {
	c.hangUp.Do(func() {
		late := time.AfterFunc(time.Second, c.cancel)
		defer late.Stop()
		c.raw.HangUp()
		c.cancel()
	})
	<-c.done
}

func (c *conn) read() {
	defer close(c.done)
	for over := false; !over; {
		p, err := c.receive()
		c.mu.Lock()
		if err == nil {
			err = c.deliver(p)
		}
		if err != nil {
			c.end(err)
			over = true
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
	}
}

// end notes that the connection has ended. That the root had to go ends it for other
// namespaces, which may not hear why. c.mu is held.
func (c *conn) end(err error) {
	c.over, c.err = true, err
	root := c.clients["/"]
	for _, client := range c.clients {
		client.inherit(root)
	}
}

// inherit takes the root's reason for a connection that has ended. conn.mu is held.
func (c *Client) inherit(root *Client) {
	if root == nil || root.why == nil || c.why != nil {
		return
	}
	c.why = root.why
	if c.state == asking {
		c.state = refused
	}
}

// receive returns the next packet of Socket.IO, with its attachments.
func (c *conn) receive() (packet, error) {
	for {
		raw, err := c.raw.Receive()
		if err != nil {
			return packet{}, err
		}
		p, attachments, ok := parse(raw.String())
		if raw.Binary || !ok {
			continue
		}
		for range attachments {
			b, err := c.raw.Receive()
			if err != nil {
				return packet{}, err
			}
			p.bytes = append(p.bytes, b.Data)
		}
		return p, nil
	}
}

// deliver gives a packet to the client of its namespace. c.mu is held.
func (c *conn) deliver(p packet) error {
	if p.kind == connect && p.data == "" && c.version == 4 { // unasked, perhaps before Dial has asked
		return errors.New(onlyVersion3)
	}
	if client := c.clients[p.namespace]; client != nil {
		return client.take(p)
	}
	return nil
}

// await waits for ok, which is called with c.mu held. It returns false if the
// patience is over before.
func (c *conn) await(ok func() bool) bool {
	late := time.NewTimer(c.patience)
	defer late.Stop()
	for {
		c.mu.Lock()
		is, changed := ok(), c.changed
		c.mu.Unlock()
		if is {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			return false
		}
	}
}

// abort ends the requests under way when ctx ends.
type abort struct {
	ctx context.Context
	http.RoundTripper
}

func (a abort) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(a.ctx, cancel)
	end := func() { stop(); cancel() }
	answer, err := a.RoundTripper.RoundTrip(r.WithContext(ctx))
	if err != nil {
		end()
		return nil, err
	}
	answer.Body = body{answer.Body, end}
	return answer, nil
}

// A body ends its request when it is closed.
type body struct {
	io.ReadCloser
	end func()
}

func (b body) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
