package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"time"
)

// A space is a namespace that a client has asked for and not left.
type space struct {
	name     string // "/" for the root
	query    string
	auth     []byte // the data of CONNECT, which version 4 clients can send
	admitted bool
	held     []parcel // written before it was admitted
	size     int      // of held, in bytes
	waits    int      // how often its end was put off for others
	over     string   // what events are answered with once the client was sent out; "" before
}

// spaces are the namespaces of one client: few, and most often one.
type spaces []*space

// find returns the one of a name, nil when there is none.
func (all spaces) find(name []byte) *space {
	for _, s := range all {
		if s.name == string(name) {
			return s
		}
	}
	return nil
}

// OpenEvent is the event by which go-socket.io hears that a client has asked
// for a gated namespace. Register a handler func(socketio.Conn) for it: it runs
// before any other event of the namespace, which wait until it returns. Clients
// cannot send it.
const OpenEvent = "\x00open"

// jsonOpenEvent is OpenEvent in an event packet.
const jsonOpenEvent = `["\u0000open"]`

var (
	errFlood     = errors.New("too many connects and disconnects of namespaces")
	errTooSpread = errors.New("too many namespaces")
)

// passLocked decides what becomes of a client's packet when its turn has come:
// whether go-socket.io is to see it. c.mu is held.
func (c *Conn) passLocked(m *message) bool {
	p := &m.packet
	s := c.spaces.find(p.namespace)
	switch p.kind {
	case kindConnect:
		return s == nil && c.askLocked(string(p.namespace), string(p.query), bytes.Clone(p.data), m.known)
	case kindDisconnect:
		if s != nil {
			c.leaveLocked(s)
		}
		return s != nil
	case kindAck, kindBinaryAck:
		return s != nil && s.admitted
	}
	if s == nil || !s.admitted && c.shared.gates.has(s.name) {
		return false // where there is no gate, go-socket.io has let it in, and is about to say so
	}
	if s.over != "" {
		if p.hasID {
			c.sendTextLocked("4" + prefix(kindAck, s.name) + strconv.FormatUint(p.id, 10) + s.over)
		}
		return false
	}
	c.current = acknowledgement{space: s, id: p.id, asked: p.hasID}
	if p.hasID {
		if c.shared.gates.owns(s.name, p.name) {
			p.hasID = false // or go-socket.io's next version would answer too
		} else {
			c.awaitLocked(c.current)
		}
	}
	return true
}

// askLocked notes that a client asks for a namespace, known if the server has
// it. It tells whether go-socket.io is to see that. c.mu is held.
func (c *Conn) askLocked(name, query string, auth []byte, known bool) (pass bool) {
	switch {
	case c.floodedLocked(time.Now()):
		c.violateLocked(errFlood)
		return false
	case len(c.spaces) >= c.shared.options.MaxNamespaces:
		c.violateLocked(errTooSpread)
		return false
	case c.refused != nil:
		c.turnAwayLocked(name)
		return false
	case !known:
		c.sendLocked(c.refusal(name, "Invalid namespace", nil))
		return false
	}
	s := &space{name: name, query: query, auth: auth}
	if name == "/" && c.early != nil {
		s.held, s.size, c.early = c.early.held, c.early.size, nil
	}
	c.spaces = append(c.spaces, s)
	// go-socket.io enters the root by itself, once.
	pass = name != "/" || c.rooted
	c.rooted = c.rooted || name == "/"
	switch {
	case c.shared.gates.has(name):
		c.injectLocked(prefix(kindEvent, name) + jsonOpenEvent)
	case !pass:
		c.admitLocked(s)
	}
	return pass
}

// floodedLocked counts the namespaces that a client asks for. c.mu is held.
func (c *Conn) floodedLocked(now time.Time) bool {
	const window = 10 * time.Second
	if now.Sub(c.window) > window {
		c.window, c.connects = now, 0
	}
	c.connects++
	return c.connects > 4*c.shared.options.MaxNamespaces
}

func (c *Conn) leaveLocked(s *space) {
	c.spaces = slices.DeleteFunc(c.spaces, func(other *space) bool { return other == s })
	if len(c.spaces) == 0 {
		c.alone = time.Now()
	}
	for _, p := range s.held {
		c.shared.pool.release(p.buffer)
	}
	s.held = nil
	c.decided.Broadcast()
}

// Admit lets the client into a namespace that it has asked for: it gets
// CONNECT, and then what was emitted to it meanwhile.
func (c *Conn) Admit(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.spaces.find([]byte(namespace)); s != nil && !s.admitted {
		c.admitLocked(s)
	}
}

func (c *Conn) admitLocked(s *space) {
	s.admitted = true
	connect := "4" + bare(kindConnect, s.name)
	if c.version == 4 {
		connect = "4" + prefix(kindConnect, s.name) + `{"sid":"` + c.socketID(s.name) + `"}`
	}
	c.sendTextLocked(connect)
	c.sendLocked(s.held...)
	s.held = nil
	c.decided.Broadcast()
}

// socketID names a client of version 4 in a namespace. Apps show it to other
// clients, so it is not the transport's id.
func (c *Conn) socketID(namespace string) string {
	sum := sha256.Sum256([]byte(c.id + namespace))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// Await waits until the client was admitted to a namespace that it has asked
// for or turned away, or has left.
func (c *Conn) Await(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.reason == "" {
		if s := c.spaces.find([]byte(namespace)); s == nil || s.admitted {
			return
		}
		c.decided.Wait()
	}
}
