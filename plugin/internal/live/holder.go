package live

import "github.com/socketio-sessions/socketio-sessions/store"

// A holder is a Book as the store asks it before a request goes on.
type holder struct{ *Book }

var _ store.Holder = holder{}

// Flush implements [store.Holder].
func (h holder) Flush(id string) {
	if e := h.Entry(id); e != nil {
		_ = e.save() // what cannot be saved yet is older than what somebody else writes
	}
}

// HandOver implements [store.Holder]. A session that has no entry yet may have one
// before it ends.
func (h holder) HandOver(id string) (yielded func(ended bool), err error) {
	if e := h.Entry(id); e != nil {
		e.collect()
	}
	if e := h.yield(id); e != nil {
		err = e.save()
	}
	if IsStoreError(err) {
		h.yielded(id, false)
		return nil, err
	}
	return func(ended bool) { h.yielded(id, ended) }, nil
}

// yield lets nobody change a session any more, and returns its entry, nil where
// there is none.
func (h holder) yield(id string) *Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.yielding[id]++
	e := h.entries[id]
	if e != nil {
		e.yield(1)
	}
	return e
}

// yielded lets everybody change a session again that has not ended and that no
// other request renews.
func (h holder) yielded(id string, ended bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.yielding[id]--; h.yielding[id] == 0 {
		delete(h.yielding, id)
	}
	if e := h.entries[id]; e != nil && !ended {
		e.yield(-1)
	}
}

// save saves what waits to be saved, on behalf of somebody else.
func (e *Entry) save() error {
	err := IgnoreEnd(e.flush())
	if err != nil {
		e.host.Failed(stageSave, e.id, err)
	}
	return err
}

// yield adds to how many requests renew the session.
func (e *Entry) yield(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.yielding += n
}
