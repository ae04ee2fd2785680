package plugin

import (
	"context"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

var _ context.Context = (*Session)(nil)

// Value implements context.Context: it finds what manager.Load put there.
func (s *Session) Value(key any) any {
	if key == s.sessions.views.key {
		return s.data()
	}
	return s.parent().Value(key)
}

// parent returns the context below: it holds the transaction of the calls that
// SCS makes with this session.
func (s *Session) parent() context.Context {
	s.below.Do(func() {
		var key, token string
		if s.entry != nil {
			key, token = s.entry.key, s.entry.name
		}
		s.transaction = s.sessions.store.BeginSocket(context.Background(), key, token, held{s})
	})
	return s.transaction
}

// held is a Session as its transaction sees it.
type held struct{ *Session }

// Base implements [store.Held]: what SCS commits counts from what it was shown.
func (s held) Base(data any) (*store.Snapshot, error) {
	if _, err := s.writable(); err != nil && !s.inside {
		return nil, err
	}
	if v := s.viewOf(data); v != nil {
		return v.from.Load(), nil
	}
	return nil, nil
}

// Wrote implements [store.Held].
func (s held) Wrote(data any, mine *store.Snapshot) {
	if v := s.viewOf(data); v != nil {
		s.entry.cookieChanged(v.from.Swap(mine), mine)
	}
}

// viewOf returns the view that shows data, nil where that is another session's, as
// Iterate shows them.
func (s held) viewOf(data any) *view {
	s.mu.Lock()
	views := [...]*view{s.view, s.left, nil}
	s.mu.Unlock()
	if s.entry != nil {
		views[2] = s.entry.outside.Load()
	}
	for _, v := range views {
		if v != nil && v.data == data {
			return v
		}
	}
	return nil
}

// Deadline implements context.Context and reports none: the session's own is
// manager.Deadline(s).
func (s *Session) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context: the channel closes when the session has
// ended, when the socket is sent away or has left, and for a PerMessage session
// when the handler has returned.
func (s *Session) Done() <-chan struct{} {
	if s.owner != nil {
		return s.owner.Done()
	}
	return s.cancelled.done()
}

// Err implements context.Context: it is context.Canceled once Done is closed.
func (s *Session) Err() error {
	if s.owner != nil {
		return s.owner.Err()
	}
	if s.cancelled.isClosed() {
		return context.Canceled
	}
	return nil
}

func (s *Session) isOver() bool {
	if s.owner != nil {
		return s.owner.isOver()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// data returns what SCS calls session data.
func (s *Session) data() any {
	s.mu.Lock()
	v, over := s.view, s.over
	s.mu.Unlock()
	switch {
	case v != nil:
		return v.data
	case s.entry == nil:
		return s.sessions.views.open("", nil).data
	case s.owner != nil:
		return s.owner.data()
	case !over:
		return s.entry.peek()
	}
	// Somebody still uses it: a copy that nobody reads again.
	base, _ := s.entry.state()
	return s.sessions.views.open(s.entry.token(), base).data
}

// cancel closes Done: the session has ended, or its socket must go.
func (s *Session) cancel() { s.cancelled.close() }

// finish ends the session's use; SCS calls do no more harm afterwards.
func (s *Session) finish() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}
