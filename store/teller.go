package store

import (
	"context"
	"time"
)

// A Teller is a [Backend] that passes notes on to every Store that listens, in
// this process and in others. It is optional: a backend that is none ignores
// notes, and its Stores hear only of what their own process does.
type Teller interface {
	// Listen returns a line. The line calls hear with each note of the sessions
	// that it has joined, until it is closed. Listen returns at once and does not
	// call hear. The line may call hear from several goroutines at once.
	//
	// An [Event] of the kind Missed says that notes of its session may be lost, or
	// without an ID those of any session. The line sends one of any session when a
	// connection takes the place of a lost one, and one of its session after a join
	// that took time: what happened between Join and that event was not heard.
	Listen(hear func(Note)) Line
}

// A Line is a listener's connection to a [Teller]. Its methods are safe for
// concurrent use. They are called under locks, so they return at once and do not
// call hear themselves.
type Line interface {
	Join(id string)  // starts to hear the session of an id
	Leave(id string) // stops that
	Hears() bool     // reports whether it hears now, as far as it knows
	Close()          // ends the line
}

// A Speaker is a [Teller] that passes on a note without a change of the session, and
// what is said on any topic, as by package plugin. It is optional: without it, the news
// that a renewal was given up stays in the process, and so does what is said.
type Speaker interface {
	// Say passes the note on: one of the kind Said to every line of Hear that has
	// joined its topic, any other to every line of Listen that has joined its session.
	// One that fails may have been passed on, but no note is passed on twice.
	Say(ctx context.Context, note Note) error

	// Hear is Listen for what is said. The ids of its line are topics, and however
	// much is said there, no line of Listen loses anything.
	Hear(hear func(Note)) Line
}

// A Confirmer is a [Line] whose Join takes time. It is optional. After a Join the line
// sends an [Event] of the kind Missed, with the id, or without one when a connection has
// taken the place of a lost one.
type Confirmer interface {
	// Joined reports whether the line hears an id by now. It returns at once.
	Joined(id string) bool
}

// An Audience is a [Teller] that knows who listens. It is optional: it spares a Store from
// making notes that nobody hears.
type Audience interface {
	// Joined reports whether any line other than but has joined the session of an
	// id. but may be nil. It returns at once. Where it may be wrong, see [Change].
	Joined(id string, but Line) bool
}

// An Ignorer is a [Line] that can drop the notes of one Store. It is optional: it
// spares that Store from decoding its own notes.
type Ignorer interface {
	// Ignore is called before the first Join, with the name of the Store. Its notes
	// have the name in From, and begin with [NoteHead] in JSON.
	Ignore(from string)
}

// A Pulse is a [Line] that knows when the backend last showed that it is there, as by
// the answer to a ping. It is optional: without it only an answer to a question shows
// that, and an idle process asks seldom.
type Pulse interface {
	// Heard returns when that was, the zero time if never. It returns at once.
	Heard() time.Time
}

// ignore makes a line drop the notes of a Store, if it can.
func ignore(line Line, from string) {
	if line, ok := line.(Ignorer); ok {
		line.Ignore(from)
	}
}
