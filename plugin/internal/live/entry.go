package live

import (
	"sync/atomic"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// An Entry is one session in this process, shared by its members. It lives from the
// first member's joining until the last has left and every change is saved. Its
// methods are safe for concurrent use.
type Entry struct {
	*env
	register *register
	key      string // the store key
	name     string // what SCS knew it by first: the token, or a stand-in for it
	id       string
	turn     turn // of the handlers that may write

	draft    draft
	clock    clock
	fresh    freshness
	exchange exchange
	shared   shared

	learned atomic.Pointer[string] // the token, if name is a stand-in and a cookie has brought it since
	probing atomic.Bool            // the prober has it among those that are due
	lastDue atomic.Int64           // when Due was last true, in Unix nanoseconds

	members []Member // guarded by register.mu
}

// ID returns the session's public name.
func (e *Entry) ID() string { return e.id }

// Snapshot returns the session as this process has it, saved or not.
func (e *Entry) Snapshot() *store.Snapshot { return e.draft.current() }

// Ended returns why the session has ended, nil while it lives.
func (e *Entry) Ended() *End { return e.draft.ended.Load() }

// Due returns true once in every interval, first after one has passed. It is for
// what the host repeats while a session is used.
func (e *Entry) Due(interval time.Duration) bool {
	last, now := e.lastDue.Load(), time.Now()
	return now.Sub(time.Unix(0, last)) > interval && e.lastDue.CompareAndSwap(last, now.UnixNano())
}

// NoteUse notes that a member uses the session. The store hears of it at once if it
// has not heard of a use for a tenth of the idle timeout, and otherwise when that
// time is over.
func (e *Entry) NoteUse() { e.clock.noteUse() }

// TakeTurn waits for the session's turn and reports whether it came within limit.
// If so, call [Entry.GiveTurn] afterwards.
func (e *Entry) TakeTurn(limit time.Duration) bool { return e.turn.take(limit) }

// GiveTurn passes the turn on to the handler that has waited longest.
func (e *Entry) GiveTurn() { e.turn.give() }

// Busy reports whether a handler has the turn.
func (e *Entry) Busy() bool { return e.turn.isTaken() }

// token returns the name by which SCS is to know the session.
func (e *Entry) token() string {
	if learned := e.learned.Load(); learned != nil {
		return *learned
	}
	return e.name
}

// identify learns the token, unless it is known or "".
func (e *Entry) identify(token string) {
	if token != "" && token != e.token() {
		e.learned.Store(&token)
	}
}

// isNamed reports whether a view shows the token.
func (e *Entry) isNamed(v *view) bool {
	return e.learned.Load() == nil || e.manager.Token(v) == e.token()
}

// open returns a view of the session as it is now.
func (e *Entry) open() *view {
	v, work := e.draft.unused()
	if v != nil && e.isNamed(v) {
		return v
	}
	return e.views.open(e.token(), work)
}

// isFresh reports whether the store was asked within limit, and nothing was heard
// since.
func (e *Entry) isFresh(limit time.Duration) bool {
	return e.fresh.isWithin(limit) && !e.clock.isOver()
}

// nudge makes the timer ask the store at once: the session may have changed.
func (e *Entry) nudge() {
	e.fresh.doubt()
	e.clock.arm(0)
}

// isSaved reports whether nothing waits to be saved, and the store knows of the last
// use.
func (e *Entry) isSaved() bool { return e.draft.isSaved() && e.clock.isTold() }
