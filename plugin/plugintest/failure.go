package plugintest

import (
	"fmt"
	"strings"

	"github.com/socketio-sessions/socketio-sessions/plugin"
)

// fail fails the test with what was heard instead of what was expected.
func (c *Client) fail(format string, args ...any) {
	c.conn.tb.Helper()
	c.conn.mu.Lock()
	text := fmt.Sprintf(format, args...) + " in " + c.namespace + c.instead()
	c.conn.mu.Unlock()
	c.conn.tb.Fatal(text)
}

// instead tells what has become of the client. conn.mu is held.
func (c *Client) instead() string {
	var all strings.Builder
	switch {
	case c.state == refused:
		all.WriteString(": the client was refused" + reason(c.why))
	case c.state == gone || c.why != nil:
		all.WriteString(": the client was sent away" + reason(c.why))
	case c.conn.over:
		fmt.Fprintf(&all, ": the connection has ended: %v", c.conn.err)
	default:
		fmt.Fprintf(&all, " within %v", c.conn.patience)
	}
	if len(c.heard) > 0 {
		all.WriteString("; it has heard:")
	}
	for _, m := range c.heard {
		fmt.Fprintf(&all, "\n\t%.500s", m)
	}
	return all.String()
}

func reason(why *plugin.Refusal) string {
	if why == nil {
		return " without a reason"
	}
	return fmt.Sprintf(": %s (%s)", why.Code, why.Message)
}
