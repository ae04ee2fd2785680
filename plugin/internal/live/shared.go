package live

import (
	"errors"
	"sync/atomic"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// shared has the view of all calls between handlers, by goroutines or by handlers
// that were registered on the server itself. It is made with the first call, and
// has no map or slice in common with the views of handlers: they run at the same
// time.
type shared struct {
	*env
	view atomic.Pointer[view]
}

// An adopter makes the changes from one snapshot to another part of the session.
type adopter func(from, mine *store.Snapshot) error

// open returns the view, which shows work if this is the first call.
func (s *shared) open(token string, work *store.Snapshot) *view {
	if v := s.view.Load(); v != nil {
		return v
	}
	v, err := s.views.openFresh(token, work)
	if err != nil {
		v = s.views.open(token, work)
	}
	if !s.view.CompareAndSwap(nil, v) {
		return s.view.Load()
	}
	return v
}

// collect passes what was changed in the view to adopt, and then shows there what
// the draft has become. It drops values that cannot be stored, and returns their
// error. It reports whether the session was destroyed there.
func (s *shared) collect(d *draft, adopt adopter) (destroyed bool, err error) {
	v := s.view.Load()
	if v == nil {
		return false, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	status := s.views.status(v)
	if status == scs.Destroyed {
		return true, nil
	}
	from := v.from.Load()
	made, err := s.views.changes(v, status)
	if err != nil {
		s.views.dropUnstorable(v)
		var failed error
		if made, failed = s.views.changes(v, status); failed != nil {
			return false, failed
		}
	}
	if failed := s.pass(from, made.mine, adopt); failed != nil {
		if isRefused(failed) {
			return false, errors.Join(failed, s.views.showAll(v, made.seen, d.current()))
		}
		return false, IgnoreEnd(failed)
	}
	if made.seen.values == nil { // nothing was changed
		return false, s.views.catchUp(v, d.current())
	}
	return false, errors.Join(err, s.views.show(v, made.seen, d.current()))
}

// pass calls adopt, unless mine is nil or the same as from.
func (s *shared) pass(from, mine *store.Snapshot, adopt adopter) error {
	if mine == nil {
		return nil
	}
	if same, err := s.store.Same(from, mine); err != nil || same {
		return nil //nolint:nilerr // what cannot be compared cannot be merged
	}
	return adopt(from, mine)
}
