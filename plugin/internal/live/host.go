package live

import "github.com/socketio-sessions/socketio-sessions/store"

// A Host has the members of the sessions, and is told what becomes of them. It is
// called concurrently. It must not wait and must not call SCS: the caller may hold
// a lock of SCS's or of an exchange with the store.
type Host interface {
	// Ended: the session has ended, and its members must go.
	Ended(e *Entry, why *End)
	// Away: the store has failed for longer than StoreGrace, and members must go.
	Away(e *Entry)
	// Changed: a member has changed the session, or somebody else, if by is nil.
	Changed(e *Entry, from, to *store.Snapshot, by Member)
	// Saved: what a member changed is in the store.
	Saved(e *Entry, from, to *store.Snapshot)
	// Failed: something failed, and no caller gets the error. The id may be "".
	Failed(stage, id string, err error)
}

// A Member is a user of a session between [Book.Join] and [Entry.Leave]: a socket.
type Member interface {
	// Seat is what MaxSeats counts: members of one seat count once.
	Seat() any
}
