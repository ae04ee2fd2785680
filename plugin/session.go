package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
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
	entry    *entry          // nil when anonymous
	parent   context.Context // holds the transaction of calls that SCS makes

	mu     sync.Mutex
	view   *view // what SCS sees; nil between the handlers of a connection
	access Access
	over   bool
	done   chan struct{} // made when first asked for
}

var _ context.Context = (*Session)(nil)

func (s *Sessions) newSession(e *entry) *Session {
	session := &Session{sessions: s, entry: e, parent: context.Background()}
	if e != nil {
		session.parent = e.ctx
	}
	return session
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
	if v == nil || !s.sessions.modified(v) {
		return s.entry.flush()
	}
	if err := s.entry.commit(v); err != nil {
		return err
	}
	s.show(v, s.entry.open())
	return nil
}

// Reload shows what others have changed in the store since the session was
// loaded. What the handler itself has changed stays. Errors: [ErrGone],
// [ErrAnonymous], [ErrOver], or what the store reports.
func (s *Session) Reload() error {
	v, err := s.usable()
	if err != nil {
		return err
	}
	if err := s.entry.refresh(); err != nil || v == nil {
		return err
	}
	return s.rebase(v)
}

// Update is an atomic read-modify-write: change sees the session as it is in
// the store now, and what it makes of it is committed only if nobody else has
// committed meanwhile; otherwise change is run again, until it succeeds or the
// session ends. So counters are exact across sockets, HTTP and processes.
//
// change must have no side effects and must use the Session that it is given.
// It does not see what the calling handler has changed and not saved; that is
// laid over the result afterwards. When change returns an error, nothing is
// committed and Update returns it. Other errors: as for Save.
func (s *Session) Update(change func(*Session) error) error {
	v, err := s.writable()
	if err != nil {
		return err
	}
	err = s.entry.update(s, func(current *view) error {
		inner := s.sessions.newSession(s.entry)
		inner.enter(current, ReadOnly) // Update is what commits
		defer inner.finish()
		defer inner.leave()
		return change(inner)
	})
	if err != nil || v == nil {
		return err
	}
	return s.rebase(v)
}

// Destroy ends the session: in the store, and for all its sockets in this
// process. Errors: [ErrAnonymous], [ErrReadOnly], [ErrOver], or what the store
// reports.
func (s *Session) Destroy() error {
	if _, err := s.writable(); err != nil {
		return err
	}
	return s.entry.destroy()
}

// Value implements context.Context: it finds what manager.Load put there.
func (s *Session) Value(key any) any {
	if key == s.sessions.views.key {
		return s.data()
	}
	return s.parent.Value(key)
}

// Deadline implements context.Context and reports none: the session's own is
// manager.Deadline(s).
func (s *Session) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: the channel closes when the session has
// ended, or is over.
func (s *Session) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		s.done = make(chan struct{})
		if s.over {
			close(s.done)
		}
	}
	return s.done
}

// Err implements context.Context: it is context.Canceled once Done is closed.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return context.Canceled
	}
	return nil
}

// data returns what SCS calls session data.
func (s *Session) data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.view != nil:
	case s.entry == nil:
		return s.sessions.views.open("", nil).data
	case s.over:
		// Somebody still uses it: a copy that nobody reads again.
		s.view = s.sessions.views.open(s.entry.token, s.entry.base.Load())
	default:
		return s.entry.peek()
	}
	return s.view.data
}

// enter shows v to the handler that is about to run.
func (s *Session) enter(v *view, access Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view, s.access = v, access
}

// leave takes back the view of a handler that has returned. It is another than
// entered if the handler saved.
func (s *Session) leave() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	s.view, s.access = nil, ReadWrite
	return v
}

// finish ends the session's use; SCS calls do no more harm afterwards.
func (s *Session) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over = true
	if s.done != nil {
		close(s.done)
	}
}

// usable returns the view of the running handler, nil between handlers.
func (s *Session) usable() (*view, error) {
	if s.entry == nil {
		return nil, ErrAnonymous
	}
	if why := s.entry.refusal(); why != nil {
		return nil, why
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, ErrOver
	}
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

// rebase shows the session as it is now, with the changes of v on top.
func (s *Session) rebase(v *view) error {
	if s.sessions.manager.Status(v) == scs.Destroyed {
		return nil
	}
	now := s.entry.open()
	if s.sessions.modified(v) {
		mine, err := s.entry.encode(v)
		if err != nil {
			return err
		}
		merged, err := s.sessions.store.Rebase(v.from, mine, now.from)
		if err != nil {
			return &storeError{StageLoad, err}
		}
		now = s.overlay(merged, now.from)
	}
	s.show(v, now)
	return nil
}

// overlay makes a view of merged whose changes count from the given snapshot.
func (s *Session) overlay(merged, from *store.Snapshot) *view {
	v := s.sessions.views.open(s.entry.token, merged)
	v.from, v.changed = from, true
	return v
}

// show replaces the view of the running handler, if it still runs.
func (s *Session) show(old, now *view) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.view == old {
		s.view = now
	}
}
