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

// A socket is a client in one namespace, as Socket.IO calls it: from the client's
// CONNECT until it leaves.
type socket struct {
	name     string // of the namespace, "/" for the root
	query    string
	auth     []byte // the data of CONNECT, in version 4
	admitted bool
	held     backlog // waits until the client is admitted
	answer   string  // to every event of an expelled client; "" for all others
}

// namespaces are the namespaces of one client, and what they send and receive. The
// connection's mu guards them.
type namespaces struct {
	shared  *shared
	version int
	id      string // of the connection; set by the OPEN packet
	life    *lifecycle
	end     terminator
	out     *sender
	in      *inbox

	joined      []*socket    // mostly one
	decided     sync.Cond    // signals that the client was admitted to one, or has left one
	alone       time.Time    // the time since which the client is in none
	rooted      bool         // the client has asked for the root before
	rootBacklog *rootBacklog // waits until a version 4 client asks for the root; nil from then on
	refused     *refused     // why the client was refused for good; nil if it was not
	connects    int          // the number of CONNECT packets since window
	window      time.Time
}

// find returns the client's socket in a namespace, nil if it has none.
func (n *namespaces) find(name []byte) *socket {
	for _, s := range n.joined {
		if s.name == string(name) {
			return s
		}
	}
	return nil
}

// OpenEvent tells go-socket.io that a client has asked for a gated namespace.
// Register a handler func(socketio.Conn) for it. It runs before every other event
// of the namespace. Clients cannot send it.
const OpenEvent = "\x00open"

// openEventJSON is the data of its packet.
const openEventJSON = `["\u0000open"]`

var (
	errFlood     = errors.New("too many connects and disconnects of namespaces")
	errTooSpread = errors.New("too many namespaces")
)

// ask handles a CONNECT packet. known says that the server has the namespace. ask
// reports whether to pass the packet to go-socket.io.
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
	// go-socket.io enters the root by itself the first time.
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

// flooded counts a CONNECT packet, and reports whether there are too many.
func (n *namespaces) flooded(now time.Time) bool {
	const window = 10 * time.Second
	if now.Sub(n.window) > window {
		n.window, n.connects = now, 0
	}
	n.connects++
	return n.connects > 4*n.shared.options.MaxNamespaces
}

// leave removes a socket.
func (n *namespaces) leave(s *socket) {
	n.joined = slices.DeleteFunc(n.joined, func(other *socket) bool { return other == s })
	if len(n.joined) == 0 {
		n.alone = time.Now()
	}
	s.held.drop(n.shared)
	n.decided.Broadcast()
}

// admit sends CONNECT, and then what has waited for it.
func (n *namespaces) admit(s *socket) {
	s.admitted = true
	connect := "4" + bare(kindConnect, s.name)
	if n.version == 4 {
		connect = "4" + prefix(kindConnect, s.name) + `{"sid":"` + n.socketID(s.name) + `"}`
	}
	n.out.sendText(connect)
	n.out.send(s.held.take(n.shared)...)
	n.decided.Broadcast()
}

// socketID returns the id of a version 4 client's socket. Apps show it to other
// clients, so it does not reveal the transport's id.
func (n *namespaces) socketID(namespace string) string {
	sum := sha256.Sum256([]byte(n.id + namespace))
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// dispatch sends a packet, or keeps it until the client is admitted to the
// namespace. It drops the packet if the client is not there, or was expelled.
func (n *namespaces) dispatch(parcels []parcel) {
	head := readHeader(parcels[0].buffer.bytes[1:])
	s := n.find(head.namespace)
	switch {
	case s == nil && n.rootBacklog != nil && len(n.joined) == 0 && bytes.Equal(head.namespace, rootName):
		n.rootBacklog.add(parcels, n.shared)
	case s == nil || n.life.disposed || s.answer != "" && !head.answers():
		n.shared.pool.drop(parcels)
	case s.admitted:
		n.out.send(parcels...)
	default:
		s.held.add(parcels, n.shared)
		if s.held.size > n.shared.options.MaxQueueBytes {
			n.end.violateLocked(errSlow)
		}
	}
}

// dispatchAll dispatches packets, one after another.
func (n *namespaces) dispatchAll(parcels []parcel) {
	for len(parcels) > 0 {
		size := 1 + readHeader(parcels[0].buffer.bytes[1:]).attachments
		n.dispatch(parcels[:size:size])
		parcels = parcels[size:]
	}
}

// waits returns how many bytes wait for the client to enter a namespace.
func (n *namespaces) waits() (size int) {
	for _, s := range n.joined {
		size += s.held.size
	}
	if n.rootBacklog != nil {
		size += n.rootBacklog.size
	}
	return size
}

// clear drops what waits for the client to enter a namespace: the connection has ended.
func (n *namespaces) clear() {
	for _, s := range n.joined {
		s.held.drop(n.shared)
	}
	if n.rootBacklog != nil {
		n.rootBacklog.drop(n.shared)
	}
}

// expire drops the root's backlog when the client has not asked for the root in
// time.
func (n *namespaces) expire(now time.Time) {
	if n.rootBacklog != nil && now.Sub(n.rootBacklog.since) > connectTimeout {
		n.rootBacklog.drop(n.shared)
		n.rootBacklog = nil
	}
}

// outside reports whether the client has been in no namespace for too long.
func (n *namespaces) outside(now time.Time) bool {
	return len(n.joined) == 0 && now.Sub(n.alone) > connectTimeout
}

// await returns when the client is in a namespace that it has asked for, was
// refused there, or has left. It unlocks mu while it waits.
func (n *namespaces) await(name string) {
	for n.life.reason == "" {
		if s := n.find([]byte(name)); s == nil || s.admitted {
			return
		}
		n.decided.Wait()
	}
}

// turnAway refuses a client for good: after DISCONNECT it does not reconnect by
// itself.
func (n *namespaces) turnAway(name string) {
	n.out.sendText(refusalText(n.version, name, n.refused.message, n.refused.data))
	n.out.sendText("4" + bare(kindDisconnect, name))
}

// dismiss removes a socket, and tells go-socket.io that the client has left. It ends
// the connection if end says so, for the root, and for the last namespace.
func (n *namespaces) dismiss(s *socket, end bool) {
	n.leave(s)
	n.in.inject(bare(kindDisconnect, s.name))
	if end || s.name == "/" || len(n.joined) == 0 {
		n.end.hangUpLocked(ReasonServer, 0)
	}
}
