package plugintest

import (
	"iter"
	"slices"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// Expect waits for the next event of that name, whose arguments must be args: see
// [Answer.Expect]. Events of other names stay for other calls.
func (c *Client) Expect(event string, args ...any) {
	c.conn.tb.Helper()
	got := c.hear(event, args)
	got.Expect(args...)
}

// Hear waits for the next event of that name, whatever its arguments, and returns them.
// Events of other names stay for other calls.
func (c *Client) Hear(event string) Answer {
	c.conn.tb.Helper()
	return c.hear(event, nil)
}

func (c *Client) hear(event string, args []any) Answer {
	c.conn.tb.Helper()
	var got message
	found := false
	c.conn.await(func() bool {
		i := slices.IndexFunc(c.heard, func(m message) bool { return m.event == event })
		if found = i >= 0; found {
			got = c.heard[i]
			c.heard = slices.Delete(c.heard, i, i+1)
		}
		return found || c.isOver()
	})
	if !found && args == nil {
		c.fail("no %s came", event)
	} else if !found {
		c.fail("no %.500s came", message{event, shown(args)})
	}
	return Answer{c, event, got.values, false}
}

// ExpectNone fails the test if an event of that name has come that no other call has
// taken. It does not wait. What the server emitted before it answered an Ask has come
// when that returns.
func (c *Client) ExpectNone(event string) {
	c.conn.tb.Helper()
	c.conn.mu.Lock()
	defer c.conn.mu.Unlock()
	for _, m := range c.heard {
		if m.event == event {
			c.conn.tb.Fatalf("%v came, want none", m)
		}
	}
}

// Events are the events of every name that no other call has taken, as they come, until
// the client is sent away or the connection ends. A loop that waits for one longer than
// the Patience ends, too, and marks the test as failed.
func (c *Client) Events() iter.Seq2[string, Answer] {
	return func(yield func(string, Answer) bool) {
		for {
			var got message
			found := false
			ok := c.conn.await(func() bool {
				if found = len(c.heard) > 0; found {
					got, c.heard = c.heard[0], c.heard[1:]
				}
				return found || c.isOver()
			})
			if !ok {
				c.conn.tb.Errorf("no event came within %v", c.conn.patience)
			}
			if !found || !yield(got.event, Answer{c, got.event, got.values, false}) {
				return
			}
		}
	}
}

// Connected fails the test if the client was turned away or has gone since. It returns
// the client. On go-socket.io's own transports one that is about to be turned away is
// connected for a moment.
func (c *Client) Connected() *Client {
	c.conn.tb.Helper()
	c.conn.mu.Lock()
	is := c.state == in && c.why == nil && !c.conn.over
	c.conn.mu.Unlock()
	if !is {
		c.fail("not connected")
	}
	return c
}

// Refused fails the test unless the client was turned away, and returns why. Where the
// server says so without a Refusal, as of a namespace that it does not have, Code is "".
//
// On go-socket.io's own transports a client is let in before it is turned away. So Refused
// waits, and a client that did nothing and heard nothing before it was sent away counts as
// refused.
func (c *Client) Refused() plugin.Refusal {
	c.conn.tb.Helper()
	var why *plugin.Refusal
	used := false
	c.conn.await(func() bool {
		used = c.used
		if c.state == refused || c.why != nil && !used {
			why = c.why
		}
		return why != nil || used || c.isOver()
	})
	switch {
	case why != nil:
	case used:
		c.conn.tb.Fatalf("not refused in %s: the client was let in, and has sent or heard an event", c.namespace)
		return plugin.Refusal{}
	default:
		c.fail("not refused")
		return plugin.Refusal{}
	}
	return *why
}

// Ended waits until the server has sent the client away, or has ended the connection,
// and returns why: the session's end, sessions.Disconnect, the end of the server. The
// Refusal is empty if the server gave no reason, also after Close. What has come before
// stays for other calls. It fails the test for a client that was never let in: see
// [Client.Refused].
func (c *Client) Ended() plugin.Refusal {
	c.conn.tb.Helper()
	var why *plugin.Refusal
	entered := true
	if !c.conn.await(func() bool { why, entered = c.why, c.state != refused; return c.isOver() }) || !entered {
		c.fail("not ended")
	}
	if why == nil {
		return plugin.Refusal{}
	}
	return *why
}
