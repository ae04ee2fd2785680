package plugin

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/live"
)

// A Session is the HTTP session of the browser behind a socket. It is a
// context.Context that every SCS call takes:
//
//	manager.Put(s, "last", text)
//
// A handler's changes count when it returns without an error; until then
// nobody else sees them. A PerMessage session is over when its handler has
// returned: what is put into it later is dropped. A PerConnection session may
// be kept for as long as the socket is connected, and be used by other
// goroutines, whose changes are saved within the FlushInterval.
//
// SCS hands out values that are maps, slices or pointers as they are: do not
// change them in place, put a changed copy.
//
// The session of a namespace that allows anonymous clients may be anonymous:
// it is empty, has no ID, and drops what is put into it. All methods are safe
// for concurrent use.
type Session struct {
	claims claims
	client *client // whose handler runs, or whose own session this is; nil for nobody's
	use    live.Use
}

var _ context.Context = (*Session)(nil)

// anonymous returns a session of nobody's.
func anonymous(book *live.Book) *Session {
	session := new(Session)
	book.Anonymous(&session.use)
	return session
}

// ID returns the public name of the session, "" for an anonymous one. It may
// be logged and shown, and does not lead back to the token.
func (s *Session) ID() string { return s.use.ID() }

// Save commits what the handler has changed so far, and everything of this
// session that waits to be saved. It stays saved if the handler fails later.
// Errors: [ErrGone], [ErrAnonymous], [ErrReadOnly], [ErrOver], or what the
// store or its codec reports.
func (s *Session) Save() error { return sessionError(s.use.Save()) }

// Reload shows what others have changed in the store since the session was
// loaded. What the handler itself has changed stays. Errors: [ErrGone],
// [ErrAnonymous], [ErrOver], or what the store reports.
func (s *Session) Reload() error { return sessionError(s.use.Reload()) }

// Update is an atomic read-modify-write: change sees the session as it is in
// the store now, and what it makes of it is committed only if nobody else has
// committed meanwhile; otherwise change is run again, until it succeeds or the
// session ends. So counters are exact across sockets, HTTP and processes.
//
// change must have no side effects and must use the Session that it is given.
// It does not see what the calling handler has changed and not saved; that is
// laid over the result afterwards. When change returns an error, nothing is
// committed and Update returns it. Other errors: [ErrNested], and as for Save.
func (s *Session) Update(change func(*Session) error) error {
	// Not until s is done: in OnDisconnect it may be.
	ctx := context.WithoutCancel(s)
	return sessionError(s.use.Update(ctx, func(enter func(*live.Use)) error {
		inner := &Session{claims: s.claims, client: s.client}
		enter(&inner.use)
		return change(inner)
	}))
}

// Destroy ends the session: in the store, for all its sockets in this process at
// once, and on other nodes when they hear of it. Errors: [ErrGone],
// [ErrAnonymous], [ErrReadOnly], [ErrOver], or what the store reports.
func (s *Session) Destroy() error { return sessionError(s.use.Destroy()) }

// Value implements context.Context: it finds what manager.Load put there.
func (s *Session) Value(key any) any { return s.use.Value(key) }

// Deadline implements context.Context and reports none: the session's own is
// manager.Deadline(s).
func (s *Session) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: the channel closes when the session has
// ended, when the socket is sent away or has left, and for a PerMessage session
// when the handler has returned.
func (s *Session) Done() <-chan struct{} { return s.use.Done() }

// Err implements context.Context: it is context.Canceled once Done is closed.
func (s *Session) Err() error { return s.use.Err() }
