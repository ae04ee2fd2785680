package plugintest

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// A Client is a client in one namespace. What it hears waits until the test asks for it.
// Its methods fail the test, so call them where testing.T.FailNow may be called: in the
// test's own goroutine. [Client.Emit], [Client.Close] and [Client.Events] may be called
// anywhere.
type Client struct {
	conn      *conn
	namespace string

	// under conn.mu
	state   state
	why     *plugin.Refusal   // nil while there is no reason to go
	heard   []message         // what the test has not asked for yet
	answers map[string]values // by the id of what was asked
	used    bool              // it has sent or heard an event since it was let in
}

type state int

const (
	asking  state = iota // the server has not answered yet
	in                   // it is in the namespace
	refused              // it was turned away
	gone                 // it was sent away, or its namespace was
)

// A message is an event that a client has heard.
type message struct {
	event string
	values
}

func (m message) String() string { return m.event + " " + m.values.String() }

// Close hangs up, for all namespaces of the connection, as a browser does whose tab is
// closed. The server's OnDisconnect follows soon after.
func (c *Client) Close() { c.conn.close() }

// Emit sends an event. An argument that is a []byte travels as binary, any other as its
// JSON, also a []byte inside it. A client that is not in its namespace sends too: a
// server must not listen.
func (c *Client) Emit(event string, args ...any) {
	c.conn.tb.Helper()
	c.send("", event, args)
}

func (c *Client) send(id, event string, args []any) {
	c.conn.tb.Helper()
	packets, err := encode(c.namespace, id, append([]any{event}, args...))
	if err != nil {
		c.conn.tb.Errorf("%s: %v", event, err) // not Fatalf: Emit may be called anywhere
		return
	}
	c.conn.mu.Lock()
	c.used = true
	c.conn.mu.Unlock()
	_ = c.conn.raw.Send(packets...) // whoever waits hears that the connection has ended
}

// Ask sends an event like [Client.Emit], asks for an acknowledgement and waits for it.
// What the server emits before it answers has been heard when Ask returns.
func (c *Client) Ask(event string, args ...any) Answer {
	c.conn.tb.Helper()
	c.conn.mu.Lock()
	c.conn.asked++
	id := strconv.Itoa(c.conn.asked)
	c.conn.mu.Unlock()
	c.send(id, event, args)
	got, ok := values{}, false
	c.conn.await(func() bool {
		got, ok = c.answers[id]
		delete(c.answers, id)
		return ok || c.isOver()
	})
	if !ok {
		c.fail("no answer to %.500s", message{event, shown(args)})
	}
	return Answer{c, "the answer to " + event, got, true}
}

// isOver reports whether c hears nothing any more. conn.mu is held.
func (c *Client) isOver() bool { return c.state == refused || c.state == gone || c.conn.over }

// take hears a packet. conn.mu is held.
func (c *Client) take(p packet) error {
	switch p.kind {
	case connect:
		c.state = in
	case disconnect:
		if c.state != refused {
			c.state = gone
		}
	case refuse:
		why := refusalIn(p.data)
		c.state, c.why = refused, &why
	case event, binaryEvent:
		return c.takeEvent(p)
	case ack, binaryAck:
		var all []json.RawMessage
		if err := json.Unmarshal([]byte(p.data), &all); err != nil {
			return fmt.Errorf("an answer that is none: %.200q", p.data)
		}
		if c.answers == nil {
			c.answers = make(map[string]values)
		}
		c.answers[p.id] = values{all, p.bytes}
	}
	return nil
}

func (c *Client) takeEvent(p packet) error {
	var all []json.RawMessage
	var name string
	if json.Unmarshal([]byte(p.data), &all) != nil || len(all) == 0 || json.Unmarshal(all[0], &name) != nil {
		return fmt.Errorf("an event that is none: %.200q", p.data)
	}
	if name == "sinvalid" && len(all) == 2 {
		why := refusalIn(string(all[1]))
		c.why = &why
		return nil
	}
	c.used = true
	c.heard = append(c.heard, message{name, values{all[1:], p.bytes}})
	return nil
}
