package store

import (
	"context"
	"time"
)

// A Roll is a [Backend] that keeps, by user, which sessions are theirs. It is optional:
// without it, nobody can list or end the sessions of a user.
//
// The Swap of a Roll heeds Change.Owner, in the same atomic step; see [Owner]. Sessions
// that end by other methods of the Backend stay on the roll. Whoever reads it takes off
// what has been seen to be absent for [RollPatience], and a Swap that adds to it may, too.
// What is left when the last session on a roll is over goes by itself.
//
// No session that was on a roll when Condemn is called outlives it, if the caller then
// ends what it returned. That is so, since
//  1. a session is on its user's roll from the very step that makes it theirs, so it is
//     marked, or it is between two tokens, and the mark is on its old one;
//  2. of a marked session no successor is made, and a token that was deleted never works
//     again: so a marked one ends, or becomes another user's by a Swap that takes it off;
//  3. an old token that is absent leaves the roll only with its successor, or after
//     RollPatience, and then a successor must find it there: see Owner.Late;
//  4. a session that somebody else swaps while it is being ended is looked at again, so
//     that none of another user ends;
//  5. whoever logs in after the mark is on the roll without one. No clock counts but the
//     backend's own, and a node that crashes leaves nothing half done.
type Roll interface {
	// Entries returns who is on the roll of a user, in any order.
	Entries(ctx context.Context, user string) ([]Entry, error)

	// Condemn marks those on the roll that have one of the given devices, or with but
	// set all others, and returns them. A mark stays until the session has ended or
	// become another user's.
	Condemn(ctx context.Context, user string, but bool, devices ...string) ([]Entry, error)

	// Supersede marks those on the roll that are too many, and returns them and those
	// that it has marked before. It counts the sessions that came onto the roll before
	// the given one and have no mark, and with that one lets limit stay: those whose Made
	// is latest, or by use those that expire last.
	Supersede(ctx context.Context, user, key string, limit int, byUse bool) (keys []string, err error)

	// End deletes the session if it still has the bytes old, takes it off the roll, and
	// passes on the note, in one atomic step. Otherwise ok is false and current is what
	// the key holds, nil for nothing.
	End(ctx context.Context, user, key string, old []byte, note Note) (current []byte, ok bool, err error)

	// Leave takes a session off the roll if it still has the bytes held; nil: if it is
	// absent.
	Leave(ctx context.Context, user, key string, held []byte) error
}

// RollPatience is how long a session may be absent before it is taken off a roll: it may
// be about to go on under another token.
const RollPatience = time.Minute

// An Entry is a session on the roll of a user.
type Entry struct {
	Key    string    // its store key
	Device string    // what stays the same when the session goes on under another token
	Made   time.Time // when the user logged in, by the backend's clock; zero where that is not known
	Live   bool      // the session is there; if not, it has expired or is between two tokens
}

// An Owner says what a [Change] means for the rolls of a [Roll].
//
// The session is taken off the roll of Was, if that is not User, and put onto that of User,
// if it is not there. Made is then the present time, or unknown if Was is User: nobody has
// seen the login. If From is on the roll, the session takes its place, its Device and Made.
// If any of From has a mark, the change is not made: ok is false, and there is nothing.
type Owner struct {
	User string // whose the session is now, "" for nobody's
	Was  string // whose it was, "" for nobody's

	// Device names the session if it is new on the roll. It consists of letters, digits,
	// - and _.
	Device string

	// Deadline is that of the session, and Moved says that it was another. The roll must
	// last longer than all deadlines by twice RollPatience.
	Deadline time.Time
	Moved    bool

	// From are the store keys of ended sessions of User that go on in this one. Late says
	// that the roll may have forgotten them, or that an earlier try of this change may have
	// been made: if one is not on it, that is like a mark. A backend that tries again by
	// itself sets it then.
	From []string
	Late bool
}

// Enters reports whether the change puts the session onto the roll of another user, or in
// the place of other sessions.
func (o *Owner) Enters() bool {
	return o != nil && o.User != "" && (o.User != o.Was || len(o.From) > 0)
}
