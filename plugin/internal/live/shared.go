package live

import (
	"errors"
	"time"

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
	e.stale = e.stale || !e.book.store.Hears()
	e.armLocked(e.book.config.FlushInterval)
	return v.data
}

// outsideView returns the view of all calls between handlers. It shares no map or
// slice with the handlers': they run at the same time.
func (e *Entry) outsideView() *view {
	if v := e.outside.Load(); v != nil {
		return v
	}
	_, work := e.state()
	v, err := e.openFresh(work)
	if err != nil {
		v = e.book.views.open(e.token(), work)
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
		e.book.host.Failed(stageSave, e.id, err)
	}
	if destroyed {
		_ = e.gone() // it is known
	}
}

// collectView is collect for who holds v.mu.
func (e *Entry) collectView(v *view) (destroyed bool, err error) {
	status := e.book.manager.Status(v)
	if status == scs.Destroyed {
		return true, nil
	}
	from := v.from.Load()
	made, err := e.changes(v, status)
	if err != nil {
		e.dropUnstorable(v)
		var failed error
		if made, failed = e.changes(v, status); failed != nil {
			return false, failed
		}
	}
	if made.mine != nil {
		if same, failed := e.book.store.Same(from, made.mine); failed == nil && !same {
			failed = e.adopt(from, made.mine, nil) // nobody knows whose goroutine it was
			if errors.Is(failed, store.ErrTooLarge) {
				return false, errors.Join(failed, e.showAll(v, made.seen))
			}
			if failed != nil {
				return false, IgnoreEnd(failed)
			}
		}
	}
	if made.seen.values == nil { // nothing was changed
		return false, e.catchUp(v)
	}
	return false, errors.Join(err, e.show(v, made.seen))
}

// catchUp makes v show the work, with all that its user has changed on top. v.mu is
// held.
func (e *Entry) catchUp(v *view) error {
	from := v.from.Load()
	if _, work := e.state(); work == from {
		return nil
	}
	was, err := e.book.store.Decode(from.Bytes)
	if err != nil {
		return &StoreError{stageLoad, err}
	}
	return e.showAll(v, contents{was.Deadline, was.Values})
}

// show makes v show the work, but for what its user has changed since it showed
// seen. What it shows is shared with no other view. v.mu is held.
func (e *Entry) show(v *view, seen contents) error {
	if _, work := e.state(); work == v.from.Load() {
		return nil
	}
	return e.showAll(v, seen)
}

// showAll is show for a view that may show something else than it should.
func (e *Entry) showAll(v *view, seen contents) error {
	_, work := e.state()
	now, err := e.book.store.Decode(work.Bytes)
	if err != nil {
		return &StoreError{stageLoad, err}
	}
	e.book.views.update(e.book.manager, v, seen, now)
	v.from.Store(work)
	return nil
}

// dropUnstorable takes out the values that cannot be stored: what was there before
// is there again.
func (e *Entry) dropUnstorable(v *view) {
	before, err := e.book.store.Decode(v.from.Load().Bytes)
	if err != nil {
		before = new(store.Snapshot)
	}
	for key, value := range e.book.views.read(v).values {
		if _, err := e.book.store.Encode(time.Time{}, map[string]any{key: value}); err == nil {
			continue
		}
		if old, ok := before.Values[key]; ok {
			e.book.manager.Put(v, key, old)
		} else {
			e.book.manager.Remove(v, key)
		}
	}
}
