package rawclient

import "strings"

// Prefix is what stands before the data in packets of a namespace.
func Prefix(namespace string) string {
	if namespace == "/" {
		return ""
	}
	return namespace + ","
}

// Bare is a packet of a namespace without data: Bare("41", "/chat").
func Bare(kind, namespace string) string {
	return kind + strings.TrimSuffix(Prefix(namespace), ",")
}

// Connect asks for a namespace, but for the root in version 3: there a client is
// in it when it has connected. Auth is JSON, which only version 4 has; "" is none.
func (c *Client) Connect(namespace, auth string) {
	c.TB.Helper()
	if c.Version == 4 || namespace != "/" {
		c.Say("40" + Prefix(namespace) + auth)
	}
}

// Enter asks for a namespace and waits until it is in.
func (c *Client) Enter(namespace string) {
	c.TB.Helper()
	c.Connect(namespace, "")
	c.Hear(Bare("40", namespace) + "*")
}

// Emit sends an event: its name and arguments as a JSON array.
func (c *Client) Emit(namespace, event string) {
	c.TB.Helper()
	c.Say("42" + Prefix(namespace) + event)
}

// Ask sends an event that asks for an acknowledgement, which must be what comes
// next, and returns that: a JSON array.
func (c *Client) Ask(namespace, event string) string {
	c.TB.Helper()
	head := Prefix(namespace) + "1"
	c.Say("42" + head + event)
	got, err := c.Read()
	answer, ok := strings.CutPrefix(got, "43"+head)
	if err != nil || !ok {
		c.TB.Fatalf("answer %q, %v to %s", got, err, event)
	}
	return answer
}
