package transport

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
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
	over     string   // what events are answered with once the client was sent out; "" before
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
	s := c.spaces[string(p.namespace)]
	switch p.kind {
	case kindConnect:
		return s == nil && c.askLocked(string(p.namespace), string(p.query), bytes.Clone(p.data))
	case kindDisconnect:
		if s != nil {
			c.leaveLocked(s)
		}
		return s != nil
	case kindAck, kindBinaryAck:
		return s != nil && s.admitted
	}
	if s == nil || !s.admitted {
		return false
	}
	if s.over != "" {
		if p.hasID {
			c.sendTextLocked("4" + prefix(kindAck, s.name) + strconv.FormatUint(p.id, 10) + s.over)
		}
		return false
	}
	c.current = acknowledgement{space: s, id: p.id, asked: p.hasID}
	if p.hasID {
		if c.wire.owns(s.name, p.name) {
			p.hasID = false // or go-socket.io's next version would answer too
		} else {
			c.awaitLocked(c.current)
		}
	}
	return true
}

// askLocked notes that a client asks for a namespace. c.mu is held.
func (c *Conn) askLocked(name, query string, auth []byte) (pass bool) {
	switch {
	case c.floodedLocked(time.Now()):
		go c.violate(errFlood) // it takes mu
		return false
	case len(c.spaces) >= c.wire.options.MaxNamespaces:
		go c.violate(errTooSpread)
		return false
	case c.refused != nil:
		c.turnAwayLocked(name)
		return false
	case !c.wire.knows(name):
		c.sendLocked(c.refusal(name, "Invalid namespace", nil))
		return false
	}
	s := &space{name: name, query: query, auth: auth}
	c.spaces[name] = s
	// go-socket.io enters the root by itself, once.
	pass = name != "/" || c.rooted
	c.rooted = c.rooted || name == "/"
	switch {
	case c.wire.gated[name]:
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
	return c.connects > 4*c.wire.options.MaxNamespaces
}

func (c *Conn) leaveLocked(s *space) {
	delete(c.spaces, s.name)
	for _, p := range s.held {
		c.wire.release(p.buffer)
	}
	s.held = nil
	c.decided.Broadcast()
}

// Admit lets the client into a namespace that it has asked for: it gets
// CONNECT, and then what was emitted to it meanwhile.
func (c *Conn) Admit(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.spaces[namespace]; s != nil && !s.admitted {
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

// lingering is how long a client that was turned away from the root may take to
// hang up by itself: it may have asked for other namespaces, and must hear that
// it is turned away there too.
const lingering = time.Second

// A refused is why a client was turned away for good.
type refused struct {
	message string
	data    json.RawMessage
}

// turnAwayLocked turns a client away for good: told to disconnect, it does not
// come back by itself. c.mu is held.
func (c *Conn) turnAwayLocked(name string) {
	c.sendLocked(c.refusal(name, c.refused.message, c.refused.data))
	c.sendTextLocked("4" + bare(kindDisconnect, name))
}

// Refuse turns the client away from a namespace that it has asked for. It gets
// an ERROR packet with data, or with message where data is nil; a client of
// version 4 gets a CONNECT_ERROR packet with both. Where it ends up in no
// namespace, or is turned away from the root, the connection ends. Then, unless
// back says that it may come back by itself, it is told not to.
func (c *Conn) Refuse(namespace, message string, data json.RawMessage, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.spaces[namespace]
	if s == nil || s.admitted {
		return
	}
	last := namespace == "/" || len(c.spaces) == 1
	if back || !last {
		c.sendLocked(c.refusal(namespace, message, data))
		c.partLocked(s, false)
		return
	}
	c.refused = &refused{message, data}
	c.turnAwayLocked(namespace)
	c.leaveLocked(s)
	c.injectLocked(bare(kindDisconnect, namespace))
	time.AfterFunc(lingering, func() { c.hangUp(ReasonServer) })
}

func (c *Conn) refusal(namespace, message string, data json.RawMessage) parcel {
	text, err := json.Marshal(message)
	if err == nil && c.version == 4 {
		text, err = json.Marshal(struct {
			Message string          `json:"message"`
			Data    json.RawMessage `json:"data,omitempty"`
		}{message, data})
	} else if data != nil {
		text = data
	}
	if err != nil {
		text = []byte(`""`)
	}
	return parcel{buffer: c.wire.takeText("4" + prefix(kindError, namespace) + string(text))}
}

// Await waits until the client was admitted to a namespace that it has asked
// for or turned away, or has left.
func (c *Conn) Await(namespace string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.reason == "" {
		if s := c.spaces[namespace]; s == nil || s.admitted {
			return
		}
		c.decided.Wait()
	}
}

// A Farewell is what a client gets that is sent out of a namespace.
type Farewell struct {
	Event  string          // its last event
	Data   json.RawMessage // the event's argument
	Answer json.RawMessage // the acknowledgement of whatever it still sends
	Back   bool            // it may come back by itself
}

// parting is how long a client that was sent out may take to hang up by
// itself, and its connection to say goodbye in other namespaces.
const parting = 100 * time.Millisecond

// Expel sends a client out of a namespace. When it has had the time to hang up
// by itself, it is told to leave for good, and the connection ends if that was
// the root or its last namespace; a client that may come back is told nothing,
// and the connection ends.
func (c *Conn) Expel(namespace string, farewell Farewell) {
	name, err := json.Marshal(farewell.Event)
	if err != nil {
		return // not of a string
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.spaces[namespace]
	if s == nil || !s.admitted || s.over != "" || c.reason != "" {
		return
	}
	s.over = "[" + string(farewell.Answer) + "]"
	c.sendTextLocked("4" + prefix(kindEvent, namespace) + "[" + string(name) + "," + string(farewell.Data) + "]")
	time.AfterFunc(parting, func() { c.part(s, farewell.Back) })
}

// part ends the stay of a client that was sent out, unless it has left.
func (c *Conn) part(s *space, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spaces[s.name] != s || c.reason != "" {
		return
	}
	if !back {
		c.sendTextLocked("4" + bare(kindDisconnect, s.name))
	}
	if !back && s.name == "/" {
		for name := range c.spaces { // they go with it, and would come back
			if name != "/" {
				c.sendTextLocked("4" + bare(kindDisconnect, name))
			}
		}
	}
	c.partLocked(s, back)
}

// partLocked ends a client's stay in a namespace from our side, and with end,
// or if there is nothing left, the connection. c.mu is held.
func (c *Conn) partLocked(s *space, end bool) {
	c.leaveLocked(s)
	c.injectLocked(bare(kindDisconnect, s.name))
	if end || s.name == "/" || len(c.spaces) == 0 {
		c.hangUpLocked(ReasonServer)
	}
}

// bare returns a packet without data.
func bare(kind byte, namespace string) string {
	return strings.TrimSuffix(prefix(kind, namespace), ",")
}

// prefix returns the head of a packet, before its id and data.
func prefix(kind byte, namespace string) string {
	if namespace == "/" {
		return string(kind)
	}
	return string(kind) + namespace + ","
}
