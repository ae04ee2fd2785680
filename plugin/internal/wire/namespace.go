package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"time"
)

// A socket is a namespace that a client has asked for and not left.
type socket struct {
	name     string // "/" for the root
	query    string
	auth     []byte // the data of CONNECT, which version 4 clients can send
	admitted bool
	held     backlog // written before it was admitted
	delays   int     // how often its end was put off for others
	answer   string  // what events are answered with once the client was sent out; "" before
}

// namespaces are those of one client. They are guarded by its connection's mu.
type namespaces struct {
	shared  *shared
	version int
	id      string // of the connection; set by the OPEN packet
	life    *lifecycle
	end     terminator
	out     *sender
	in      *inbox

	joined      []*socket    // few, and most often one
	decided     sync.Cond    // the client was admitted to one, or has left it
	alone       time.Time    // since when it is in none, if it is
	rooted      bool         // the root was asked for
	rootBacklog *rootBacklog // what waits until a version 4 client asks for the root; nil when it has
	refused     *refused     // why the client may not come in, once it was told
	connects    int          // how many CONNECT packets came since window
	window      time.Time
}

// find returns the one of a name, nil when there is none.
func (n *namespaces) find(name []byte) *socket {
	for _, s := range n.joined {
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

// openEventJSON is OpenEvent in an event packet.
const openEventJSON = `["\u0000open"]`

var (
	errFlood     = errors.New("too many connects and disconnects of namespaces")
	errTooSpread = errors.New("too many namespaces")
)

// ask notes that a client asks for a namespace, known if the server has
// it. It tells whether go-socket.io is to see that.
func (n *namespaces) ask(name, query string, auth []byte, known bool) (pass bool) {
	switch {
	case n.flooded(time.Now()):
		n.end.violateLocked(errFlood)
		return false
	case len(n.joined) >= n.shared.options.MaxNamespaces:
		n.end.violateLocked(errTooSpread)
		return false
	case n.refused != nil:
		n.turnAway(name)
		return false
	case !known:
		n.out.sendText(refusalText(n.version, name, "Invalid namespace", nil))
		return false
	}
	s := &socket{name: name, query: query, auth: auth}
	if name == "/" && n.rootBacklog != nil {
		s.held, n.rootBacklog = n.rootBacklog.backlog, nil
	}
	n.joined = append(n.joined, s)
	// go-socket.io enters the root by itself, once.
	pass = name != "/" || n.rooted
	n.rooted = n.rooted || name == "/"
	switch {
	case n.shared.gates.has(name):
		n.in.inject(prefix(kindEvent, name) + openEventJSON)
	case !pass:
		n.admit(s)
	}
	return pass
}

// flooded counts the namespaces that a client asks for.
func (n *namespaces) flooded(now time.Time) bool {
	const window = 10 * time.Second
	if now.Sub(n.window) > window {
		n.window, n.connects = now, 0
	}
	n.connects++
	return n.connects > 4*n.shared.options.MaxNamespaces
}

func (n *namespaces) leave(s *socket) {
	n.joined = slices.DeleteFunc(n.joined, func(other *socket) bool { return other == s })
	if len(n.joined) == 0 {
		n.alone = time.Now()
	}
	s.held.drop(&n.shared.pool)
	n.decided.Broadcast()
}

func (n *namespaces) admit(s *socket) {
	s.admitted = true
	connect := "4" + bare(kindConnect, s.name)
	if n.version == 4 {
		connect = "4" + prefix(kindConnect, s.name) + `{"sid":"` + n.socketID(s.name) + `"}`
	}
	n.out.sendText(connect)
	n.out.send(s.held.parcels...)
	s.held = backlog{}
	n.decided.Broadcast()
}

// socketID names a client of version 4 in a namespace. Apps show it to other
// clients, so it is not the transport's id.
func (n *namespaces) socketID(namespace string) string {
	sum := sha256.Sum256([]byte(n.id + namespace))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// dispatch sends a packet, or holds it until its namespace is admitted, or drops it
// where the client is not there, or was sent out.
func (n *namespaces) dispatch(parcels []parcel) {
	head := readHeader(parcels[0].buffer.bytes[1:])
	s := n.find(head.namespace)
	switch {
	case s == nil && n.rootBacklog != nil && len(n.joined) == 0 && bytes.Equal(head.namespace, rootName):
		n.rootBacklog.add(parcels, &n.shared.pool)
	case s == nil || s.answer != "" && !head.answers():
		n.shared.pool.drop(parcels)
	case s.admitted:
		n.out.send(parcels...)
	default:
		s.held.add(parcels)
		if s.held.size > n.shared.options.MaxQueueBytes {
			n.end.violateLocked(errSlow)
		}
	}
}

// expire drops what has waited for too long until the client asks for the root.
func (n *namespaces) expire(now time.Time) {
	if n.rootBacklog != nil && now.Sub(n.rootBacklog.since) > connectTimeout {
		n.rootBacklog.drop(&n.shared.pool)
		n.rootBacklog = nil
	}
}

// outside tells whether the client has been in no namespace for too long.
func (n *namespaces) outside(now time.Time) bool {
	return len(n.joined) == 0 && now.Sub(n.alone) > connectTimeout
}

// await waits until the client was admitted to a namespace that it has asked for
// or turned away, or has left. It gives mu up meanwhile.
func (n *namespaces) await(name string) {
	for n.life.reason == "" {
		if s := n.find([]byte(name)); s == nil || s.admitted {
			return
		}
		n.decided.Wait()
	}
}

// turnAway turns a client away for good: told to disconnect, it does not come back
// by itself.
func (n *namespaces) turnAway(name string) {
	n.out.sendText(refusalText(n.version, name, n.refused.message, n.refused.data))
	n.out.sendText("4" + bare(kindDisconnect, name))
}

// dismiss ends a client's stay in a namespace from our side, and with end, or if
// there is nothing left, the connection.
func (n *namespaces) dismiss(s *socket, end bool) {
	n.leave(s)
	n.in.inject(bare(kindDisconnect, s.name))
	if end || s.name == "/" || len(n.joined) == 0 {
		n.end.hangUpLocked(ReasonServer, 0)
	}
}
