package plugin_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

func (c *client) want(packet string) {
	c.Helper()
	if got := c.read(); got != packet {
		c.Fatalf("got packet %q, want %q", got, packet)
	}
}

// drain reads until the server has hung up.
func (c *client) drain() {
	c.Helper()
	for c.read() != "closed" {
	}
}

// ask sends an event that asks for an acknowledgement and returns that.
func (c *client) ask(event string) string {
	c.Helper()
	return c.askIn("/", event)
}

func (c *client) askIn(namespace, event string) string {
	c.Helper()
	return c.Ask(namespace, event)
}

// askOr is ask for a connection that may be at its end.
func (c *client) askOr(event string) string {
	c.Helper()
	if !c.try("421" + event) {
		return "closed"
	}
	for {
		switch got := c.read(); {
		case strings.HasPrefix(got, "431"):
			return strings.TrimPrefix(got, "431")
		case got == "closed":
			return got
		}
	}
}

// askLate sends an event when the session may have ended, and returns all that
// comes until the connection has too: the answer, if there was time for one, and
// why.
func (c *client) askLate(event string) (all string) {
	c.Helper()
	c.try("421" + event)
	for got := c.read(); got != "closed"; got = c.read() {
		all += got + "\n"
	}
	return all
}

// prefix is how packets name a namespace.
func prefix(namespace string) string { return rawclient.Prefix(namespace) }

// bare is a packet without data.
func bare(kind, namespace string) string { return rawclient.Bare(kind, namespace) }

// enters expects CONNECT. Here and below is all that differs between our
// transports and go-socket.io's own.
func (c *client) enters(namespace string) {
	c.Helper()
	want := regexp.QuoteMeta(bare("40", namespace))
	switch {
	case c.Version == 4:
		want = regexp.QuoteMeta("40"+prefix(namespace)) + `\{"sid":"[\w-]{20}"\}`
	case !c.app.wired() && namespace != "/":
		want += regexp.QuoteMeta(",[]")
	}
	if got := c.read(); !regexp.MustCompile("^" + want + "$").MatchString(got) {
		c.Fatalf("got packet %q, want CONNECT of %s", got, namespace)
	}
}

// admitted waits until the sessions have let a socket in, which on stock transports comes
// after CONNECT.
func (c *client) admitted(namespace string) {
	c.Helper()
	if c.app.wired() {
		return
	}
	eventually(c.T, "the socket is let in", func() bool {
		return slices.ContainsFunc(c.app.sessions.Sockets(plugin.Everyone(), namespace), func(conn socketio.Conn) bool { return conn.ID() == c.ID })
	})
}

// refused expects to be turned away from a namespace and returns the Refusal.
// On our transports nothing comes before; go-socket.io's own have said CONNECT,
// and have no packet for it but an event.
func (c *client) refused(namespace string) (why string) {
	c.Helper()
	if !c.app.wired() {
		c.enters(namespace)
		return c.expelled(namespace)
	}
	got := c.read()
	why, ok := strings.CutPrefix(got, "44"+prefix(namespace))
	if !ok {
		c.Fatalf("got packet %q, want a refusal of %s", got, namespace)
	}
	if c.Version == 4 {
		why = c.dataOf(why)
	}
	if isFinal(why) {
		c.goodbye, c.lingers = bare("41", namespace), true
	}
	return why
}

// dataOf returns the Refusal in the CONNECT_ERROR packets of version 4.
func (c *client) dataOf(body string) string {
	c.Helper()
	var e struct {
		Message string
		Data    json.RawMessage
	}
	err := json.Unmarshal([]byte(body), &e)
	if message, _ := json.Marshal(e.Message); err != nil || !strings.Contains(string(e.Data), `"message":`+string(message)+`,`) {
		c.Fatalf("refused with %s: the message is not that of the data, %v", body, err)
	}
	return string(e.Data)
}

// expelled expects to hear why its stay in a namespace is over.
func (c *client) expelled(namespace string) (why string) {
	c.Helper()
	got := c.read()
	why, ok := strings.CutPrefix(got, "42"+prefix(namespace)+`["sinvalid",`)
	why, whole := strings.CutSuffix(why, "]")
	if !ok || !whole {
		c.Fatalf("got packet %q, want sinvalid", got)
	}
	if c.app.wired() && isFinal(why) {
		c.goodbye, c.lingers = bare("41", namespace), false
	}
	return why
}

// ends expects the end of the connection, after the client was refused or
// expelled where it was last. Our transports say DISCONNECT first to one that
// must not come back by itself; where it was refused, they give it a second to
// hang up, as it does here.
func (c *client) ends() {
	c.Helper()
	if c.goodbye != "" {
		c.want(c.goodbye)
	}
	if c.lingers {
		c.HangUp()
	}
	c.want("closed")
}

func isFinal(why string) bool { return strings.Contains(why, `"reconnect":false`) }
