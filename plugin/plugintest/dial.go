package plugintest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// Dial connects a client to a namespace, "/" for the root. The cookie names its session;
// nil is none. Dial returns when the client has been let in or turned away: see
// [Client.Connected] and [Client.Refused]. It fails the test if the server answers
// neither, or with an HTTP status that is no refusal. The end of the test closes the
// connection. A client never connects again by itself.
func (s *Server) Dial(namespace string, cookie *http.Cookie, options ...Option) *Client {
	s.tb.Helper()
	set := s.with(options)
	if cookie != nil {
		(&http.Request{Header: set.header}).AddCookie(cookie)
	}
	if set.auth != nil && set.version == 3 {
		s.tb.Fatalf("Dial %s: Engine.IO 3 has no Auth", namespace)
	}
	c := newConn(s.tb, s.URL, set)
	if err := c.raw.Open(); err != nil {
		return c.unopened(namespace, err)
	}
	if set.version == 4 {
		c.start()
		return c.enter(namespace)
	}
	root := &Client{conn: c, namespace: "/"} // where each connection begins, unasked
	c.clients["/"] = root
	c.start()
	if root.settle(nil); namespace == "/" {
		return root
	}
	return c.enter(namespace)
}

// Of returns the client of another namespace on the same connection, as browsers have
// it. It waits like [Server.Dial]. Of a namespace that the client is in, it returns the
// same client.
func (c *Client) Of(namespace string) *Client {
	c.conn.tb.Helper()
	return c.conn.enter(namespace)
}

// unopened returns the client of a handshake that was answered with a refusal, as
// plugin.Options.RefuseHandshake wants it. It fails the test on any other error.
func (c *conn) unopened(namespace string, err error) *Client {
	c.tb.Helper()
	close(c.done)
	c.hangUp.Do(c.cancel)
	var answer *rawclient.StatusError
	if errors.As(err, &answer) {
		if why := refusalIn(answer.Body); why.Code != "" {
			c.over, c.err = true, err
			return &Client{conn: c, namespace: namespace, state: refused, why: &why}
		}
	}
	hint := ""
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		hint = "\nnothing answers: does the server's Serve run?"
	} else if answer == nil || answer.Status < 400 || answer.Status == http.StatusNotFound {
		hint = fmt.Sprintf("\nwhat answers at %s is not Engine.IO %d: see plugintest.Path, and plugintest.EIO3 for go-socket.io's own transports", c.path, c.version)
	}
	c.tb.Fatalf("Dial %s: the handshake failed: %v%s", namespace, err, hint)
	return nil
}

const onlyVersion3 = "the server speaks only Engine.IO 3, as go-socket.io's own transports do: serve those of package transport, or see plugintest.EIO3"

// enter asks for a namespace and waits until the client is let in or turned away.
func (c *conn) enter(namespace string) *Client {
	c.tb.Helper()
	if !strings.HasPrefix(namespace, "/") {
		c.tb.Fatalf("Dial %q: a namespace begins with a slash", namespace)
	}
	asked := namespace
	namespace, _, _ = strings.Cut(asked, "?") // the server answers without the query
	c.mu.Lock()
	client := c.clients[namespace]
	known := client != nil && client.state != refused && client.state != gone
	if !known {
		client = &Client{conn: c, namespace: namespace}
		c.clients[namespace] = client
		if c.over {
			client.inherit(c.clients["/"])
		}
	}
	c.mu.Unlock()
	var err error
	if !known {
		err = client.asks(asked)
	}
	client.settle(err)
	return client
}

// settle waits until the client is let in or turned away. asked is the error of asking
// for that.
func (c *Client) settle(asked error) {
	conn := c.conn
	conn.tb.Helper()
	if !conn.await(func() bool { return c.state != asking || conn.over }) {
		if asked == nil {
			asked = errors.New("does the server's Serve run?")
		}
		conn.tb.Fatalf("Dial %s: neither let in nor refused within %v: %v", c.namespace, conn.patience, asked)
	}
	conn.mu.Lock()
	unanswered, why := c.state == asking, conn.err
	conn.mu.Unlock()
	if unanswered {
		conn.tb.Fatalf("Dial %s: neither let in nor refused: the connection has ended: %v", c.namespace, why)
	}
}

// asks sends CONNECT. What becomes of it, the reader hears.
func (c *Client) asks(namespace string) error {
	c.conn.tb.Helper()
	auth := ""
	if c.conn.auth != nil {
		b, err := json.Marshal(c.conn.auth)
		if err != nil {
			c.conn.tb.Fatalf("Dial %s: Auth: %v", c.namespace, err)
		}
		auth = string(b)
	}
	return c.conn.raw.Try("40" + rawclient.Prefix(namespace) + auth)
}

// refusalIn returns the Refusal in what a server says when it refuses: itself in version
// 3, the data of an error in version 4, and a mere message where it is somebody else's.
func refusalIn(text string) (why plugin.Refusal) {
	if err := json.Unmarshal([]byte(text), &why.Message); err == nil {
		return why
	}
	var wrapped struct{ Data json.RawMessage }
	if json.Unmarshal([]byte(text), &why) == nil && why.Code == "" && json.Unmarshal([]byte(text), &wrapped) == nil {
		if inner := (plugin.Refusal{}); json.Unmarshal(wrapped.Data, &inner) == nil && inner.Code != "" {
			return inner
		}
	}
	return why
}
