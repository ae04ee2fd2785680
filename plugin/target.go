package plugin

import (
	"slices"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A Target is whom [Sessions.Emit] and [Sessions.Disconnect] reach: [ID], [User], [Room] or
// [Everyone], on this node and on all others. The zero Target is nobody, and an error.
type Target struct {
	kind   kind
	name   string
	user   string   // of a session: whose it must be; "" for anybody's
	except []string // transport ids
}

// A kind is what a Target names. Nodes send it to one another.
type kind string

const (
	kindID       kind = "id"
	kindUser     kind = "user"
	kindRoom     kind = "room"
	kindEveryone kind = "everyone"
)

// isOfSessions reports whether the kind names sessions, whatever namespace their sockets are
// in.
func (k kind) isOfSessions() bool { return k == kindID || k == kindUser }

// known reports whether this release knows the kind.
func (k kind) known() bool { return k.isOfSessions() || k == kindRoom || k == kindEveryone }

// ID is every socket of the session with this id, as Session.ID and
// store.Store.SessionID return it.
func ID(id string) Target { return Target{kind: kindID, name: id} }

// User is every socket of the sessions of a user, as store.Options.User names them. Whether
// a session is the user's is decided where its sockets are, by its values of that moment.
// Sessions are found by the store's roll: one that becomes the user's while the target is
// reached may be left out. The name must not be empty.
func User(name string) Target { return Target{kind: kindUser, user: name} }

// Room is every socket that has joined the room of a namespace, by the Join of its
// connection. A connection is in no room that it has not joined: for one connection,
// call its Emit.
func Room(name string) Target { return Target{kind: kindRoom, name: name} }

// Everyone is every socket of a namespace.
func Everyone() Target { return Target{kind: kindEveryone} }

// Except returns the Target without some connections of this node, like the sender's
// own.
func (t Target) Except(conns ...socketio.Conn) Target {
	t.except = slices.Clip(t.except)
	for _, c := range conns {
		t.except = append(t.except, c.ID())
	}
	return t
}

// spares reports whether a connection is left out.
func (t Target) spares(id string) bool { return slices.Contains(t.except, id) }

// topic is what nodes with sockets of the Target in a namespace listen to. It shows no
// name.
func (t Target) topic(namespace string) string {
	switch t.kind {
	case kindID, kindUser:
		return t.name
	case kindRoom:
		return store.ID("room\x00" + namespace + "\x00" + t.name)
	default:
		return store.ID("everyone\x00" + namespace)
	}
}
