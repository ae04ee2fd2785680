package live

import (
	"errors"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// peek returns the session data for a call between handlers: by a goroutine,
// or by a handler that was registered on the server itself. Every such call
// sees the same data. What it changes is collected before the next event, and
// when the timer fires, which also asks the store what others have changed. SCS
// may hold its lock of that data.
func (e *Entry) peek() any {
	v := e.outsideView()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stale = e.stale || !e.store.Hears()
	e.armLocked(e.config.FlushInterval)
	return v.data
}

// outsideView returns the view of all calls between handlers. It shares no map or
// slice with the handlers': they run at the same time.
func (e *Entry) outsideView() *view {
	if v := e.outside.Load(); v != nil {
		return v
	}
	_, work := e.state()
	v, err := e.views.openFresh(e.token(), work)
	if err != nil {
		v = e.views.open(e.token(), work)
	}
	if !e.outside.CompareAndSwap(nil, v) {
		return e.outside.Load()
	}
	return v
}

// collect makes what was changed between handlers part of the work, and shows
// there what the work has become. A session that was destroyed there ends. A value
// that cannot be stored is dropped and reported: it must not keep others from
// being saved. It may be called by who holds no lock, and waits for a commit of
// SCS's through the view.
func (e *Entry) collect() {
	v := e.outside.Load()
	if v == nil || e.ended.Load() != nil {
		return
	}
	v.mu.Lock()
	destroyed, err := e.collectView(v)
	v.mu.Unlock()
	if err != nil {
		e.host.Failed(stageSave, e.id, err)
	}
	if destroyed {
		_ = e.gone() // it is known
	}
}

// collectView is collect for who holds v.mu.
func (e *Entry) collectView(v *view) (destroyed bool, err error) {
	status := e.manager.Status(v)
	if status == scs.Destroyed {
		return true, nil
	}
	from := v.from.Load()
	made, err := e.views.changes(v, status)
	if err != nil {
		e.views.dropUnstorable(v)
		var failed error
		if made, failed = e.views.changes(v, status); failed != nil {
			return false, failed
		}
	}
	if made.mine != nil {
		if same, failed := e.store.Same(from, made.mine); failed == nil && !same {
			failed = e.adopt(from, made.mine, nil) // nobody knows whose goroutine it was
			if errors.Is(failed, store.ErrTooLarge) {
				return false, errors.Join(failed, e.views.showAll(v, made.seen, e.Snapshot()))
			}
			if failed != nil {
				return false, IgnoreEnd(failed)
			}
		}
	}
	if made.seen.values == nil { // nothing was changed
		return false, e.views.catchUp(v, e.Snapshot())
	}
	return false, errors.Join(err, e.views.show(v, made.seen, e.Snapshot()))
}
