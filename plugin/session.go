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
// A handler's changes count when it returns without an error. Until then nobody else
// sees them. A PerMessage session is over when its handler has returned: what is put
// into it later is dropped. A PerConnection session may be kept and used by other
// goroutines for as long as the socket is connected. Their changes are saved within
// FlushInterval.
//
// SCS returns maps, slices and pointers without copying them. Do not change them in
// place: put a changed copy.
//
// In a namespace that allows anonymous clients the session may be anonymous: it is
// empty, has no ID, and drops what is put into it. All methods are safe for concurrent
// use.
type Session struct {
	claims *claims
	client *client // that it belongs to; nil if it is nobody's
	use    live.Use
}

var _ context.Context = (*Session)(nil)

// anonymous returns a session that is nobody's.
func anonymous(book *live.Book) *Session {
	session := new(Session)
	book.Anonymous(&session.use)
	return session
}

// ID returns the public name of the session, "" for an anonymous one. You may log and
// show it: nobody can compute the token from it.
func (s *Session) ID() string { return s.use.ID() }

// Save commits what the handler has changed so far, and everything else of this session
// that waits to be saved. It stays saved even if the handler fails later. Errors:
// [ErrGone], [ErrAnonymous], [ErrReadOnly], [ErrOver], or an error of the store or its
// codec.
func (s *Session) Save() error { return sessionError(s.use.Save()) }

// Reload shows what others have changed in the store since the session was loaded. The
// handler's own changes stay. Errors: [ErrGone], [ErrAnonymous], [ErrOver], or an error
// of the store.
func (s *Session) Reload() error { return sessionError(s.use.Reload()) }

// Update is an atomic read-modify-write. change sees the session as it is in the store
// now. Its result is committed only if nobody else has committed meanwhile; otherwise
// Update runs change again, until it succeeds or the session ends. So counters are
// exact across sockets, HTTP and processes.
//
// change must have no side effects, and must use the Session that it is given. It does
// not see what the calling handler has changed and not saved: those changes are applied
// on top of the result. If change returns an error, nothing is committed and Update
// returns that error. Other errors: [ErrNested], and those of Save.
func (s *Session) Update(change func(*Session) error) error {
	// s may be done already, as in OnDisconnect.
	ctx := context.WithoutCancel(s)
	return sessionError(s.use.Update(ctx, func(enter func(*live.Use)) error {
		inner := &Session{claims: s.claims, client: s.client}
		enter(&inner.use)
		if s.client != nil {
			s.client.conn.updates.Add(1)
			defer s.client.conn.updates.Add(-1)
		}
		return change(inner)
	}))
}

// Destroy ends the session: in the store and for all its sockets in this process at
// once, on other nodes when they hear of it. Errors: [ErrGone], [ErrAnonymous],
// [ErrReadOnly], [ErrOver], or an error of the store.
func (s *Session) Destroy() error { return sessionError(s.use.Destroy()) }

// Value implements context.Context. It finds the session data where manager.Load would
// have put it.
func (s *Session) Value(key any) any { return s.use.Value(key) }

// Deadline implements context.Context. It reports none: the session's own deadline is
// manager.Deadline(s).
func (s *Session) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context. The channel closes when the session has ended, when
// the socket is sent away or has left, and in PerMessage when the handler has returned.
func (s *Session) Done() <-chan struct{} { return s.use.Done() }

// Err implements context.Context. It returns context.Canceled once Done is closed.
func (s *Session) Err() error { return s.use.Err() }
