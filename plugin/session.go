package plugin

import (
	"context"
	"sync"

	"github.com/alexedwards/scs/v2"
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
	sessions *Sessions
	entry    *entry  // nil when anonymous
	socket   *socket // whose handler runs, or whose own session this is

	// owner is the socket's own session, which this one becomes when its
	// handler has returned; nil for that one and for PerMessage sessions.
	owner *Session

	cancelled latch // closed when the session has ended or its socket must go

	below       sync.Once
	transaction context.Context // of the calls that SCS makes; made with the first

	mu     sync.Mutex
	view   *view // what the handler sees; nil while none runs
	left   *view // what it saw: a call of SCS's may outlast it
	access Access
	inside bool // of an Update, which is what reads and commits
	over   bool
}

// ID returns the public name of the session, "" for an anonymous one. It may
// be logged and shown, and does not lead back to the token.
func (s *Session) ID() string {
	if s.entry == nil {
		return ""
	}
	return s.entry.id
}

// Save commits what the handler has changed so far, and everything of this
// session that waits to be saved. It stays saved if the handler fails later.
// Errors: [ErrGone], [ErrAnonymous], [ErrReadOnly], [ErrOver], or what the
// store or its codec reports.
func (s *Session) Save() error {
	v, err := s.writable()
	if err != nil {
		return err
	}
	if v == nil {
		return s.entry.flush()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	made, err := s.entry.changes(v, s.sessions.manager.Status(v))
	switch {
	case err != nil:
		return err
	case made.mine == nil:
		return s.entry.flush()
	}
	if err := s.entry.commit(v.from.Load(), made.mine, s.socket); err != nil {
		return err
	}
	return s.entry.show(v, made.seen)
}

// Reload shows what others have changed in the store since the session was
// loaded. What the handler itself has changed stays. Errors: [ErrGone],
// [ErrAnonymous], [ErrOver], or what the store reports.
func (s *Session) Reload() error {
	v, err := s.usable()
	if err != nil || s.inside {
		return err
	}
	if err := s.entry.refresh(); err != nil || v == nil {
		return err
	}
	return s.catchUp(v)
}

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
	if s.inside {
		return ErrNested
	}
	v, err := s.writable()
	if err != nil {
		return err
	}
	// Not until s is done: in OnDisconnect it may be.
	err = s.entry.update(context.WithoutCancel(s), s.socket, func(current *view) error {
		inner := &Session{sessions: s.sessions, entry: s.entry, view: current, access: ReadOnly, inside: true}
		defer inner.finish()
		defer inner.leave()
		return change(inner)
	})
	if err != nil || v == nil {
		return err
	}
	return s.catchUp(v)
}

// Destroy ends the session: in the store, for all its sockets in this process at
// once, and on other nodes when they hear of it. Errors: [ErrGone],
// [ErrAnonymous], [ErrReadOnly], [ErrOver], or what the store reports.
func (s *Session) Destroy() error {
	if _, err := s.writable(); err != nil {
		return err
	}
	return s.entry.destroy()
}

// leave takes back the view of a handler that has returned. It is another than
// entered if the handler saved.
func (s *Session) leave() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	s.view, s.left, s.access = nil, v, ReadWrite
	return v
}

// usable returns the view of the running handler, nil between handlers.
func (s *Session) usable() (*view, error) {
	if s.entry == nil {
		return nil, ErrAnonymous
	}
	if s.isOver() {
		return nil, ErrOver
	}
	if why := s.entry.ended.Load(); why != nil {
		return nil, why
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, nil
}

func (s *Session) writable() (*view, error) {
	v, err := s.usable()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.access == ReadOnly {
		return nil, ErrReadOnly
	}
	return v, nil
}

// catchUp shows a handler the session as it is now, with its own changes on top.
func (s *Session) catchUp(v *view) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.sessions.manager.Status(v) == scs.Destroyed {
		return nil
	}
	return s.entry.catchUp(v)
}
