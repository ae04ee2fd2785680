package store

import (
	"context"
	"time"
)

// A Backend holds sessions as bytes by store key. The key is what SCS hands a
// store: the token, or its hash under HashTokenInStore. [NewMemory]
// and [Wrap] make those of this package, package redisstore has another; a backend
// of your own must pass storetest.Run.
//
// An expired session is absent in every method. Every method is safe for
// concurrent use and gives up when ctx ends. An error means that the backend
// failed, never that a session is absent. Bytes that were passed in or handed
// out are never changed, by either side.
type Backend interface {
	// Find returns the bytes under key and the time they expire, which is zero
	// where the backend cannot tell. ok is false when there is no session.
	Find(ctx context.Context, key string) (b []byte, expiry time.Time, ok bool, err error)

	// Swap makes a change in one atomic step, if the key holds what the change
	// was made from, and passes on its note. When something else is there, or
	// nothing, ok is false and current is what was found (nil for nothing).
	Swap(ctx context.Context, key string, change Change) (current []byte, ok bool, err error)

	// Touch gives the session a new life and leaves its bytes alone. ok is
	// false when there is no session.
	Touch(ctx context.Context, key string, life Life) (ok bool, err error)

	// Delete removes the session, passes on the note if there was one, and
	// returns its last bytes, nil when there was none.
	Delete(ctx context.Context, key string, note Note) (last []byte, err error)
}

// A Change replaces Old by New. A nil Old means that the key must be absent.
type Change struct {
	Old, New []byte
	Life     Life
	Note     Note
}

// A Teller is a [Backend] that passes notes on to every Store that listens, in
// this process and in others. Other backends ignore notes.
type Teller interface {
	// Listen returns a line on which hear is called with the notes of the
	// sessions that were joined, until the line is closed. Both return at once,
	// and hear may be called concurrently.
	//
	// An [Event] of the kind Missed says that notes of its session may have
	// been missed. It comes after a lost connection, and after a join that
	// took time: what happened between Join and then was not heard.
	Listen(hear func(Note)) Line
}

// A Line is who listens to a [Teller]. Its methods are safe for concurrent use,
// return at once, since they are called under locks, and do not call hear
// themselves.
type Line interface {
	Join(id string)  // adds the session of an id
	Leave(id string) // takes it out
	Close()          // ends the line
}

// An Ignorer is a [Line] that can leave out what one Store says, which spares that
// Store the decoding of its own notes. It is optional.
type Ignorer interface {
	// Ignore is called before the first Join with the name of the Store: [NoteHead]
	// tells how its notes begin.
	Ignore(from string)
}

// An Audience is a [Teller] all of whose lines are in this process. It is optional:
// it spares a Store the making of notes that nobody hears.
type Audience interface {
	// Heard tells whether any line but one has joined the session of an id.
	Heard(id string, but Line) bool
}

// A Life says when a session expires: at Expiry, or when it would have anyway
// if that is later, but not after Limit. So nobody who knows of an older use
// cuts short what a later one has gained, and a deadline holds all the same.
type Life struct {
	Expiry, Limit time.Time
}

// After returns the expiry of a session that would expire at present, which is
// zero where there is none or it is unknown.
func (l Life) After(present time.Time) time.Time {
	expiry := l.Expiry
	if present.After(expiry) {
		expiry = present
	}
	if expiry.After(l.Limit) {
		expiry = l.Limit
	}
	return expiry
}

// A Lister is a [Backend] that can list its sessions, which is what SCS's
// Iterate needs.
type Lister interface {
	// All returns the bytes of every session by store key.
	All(ctx context.Context) (map[string][]byte, error)
}
