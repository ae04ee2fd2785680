package live

import "github.com/socketio-sessions/socketio-sessions/store"

// A holder is a register as the store asks it before a request goes on.
type holder struct{ *register }

var _ store.Holder = holder{}

// Flush implements [store.Holder].
func (h holder) Flush(id string) {
	if e := h.entry(id); e != nil {
		_ = h.save(e) // what cannot be saved yet is older than what somebody else writes
	}
}

// HandOver implements [store.Holder]. A session that has no entry yet may have one
// before it ends.
func (h holder) HandOver(id string) (done func(ended bool), err error) {
	if e := h.entry(id); e != nil {
		e.collect()
	}
	if e := h.yield(id); e != nil {
		err = h.save(e)
	}
	if IsStoreError(err) {
		h.yielded(id, false)
		return nil, err
	}
	return func(ended bool) { h.yielded(id, ended) }, nil
}

// save saves what waits to be saved, on behalf of somebody else.
func (h holder) save(e *Entry) error {
	err := IgnoreEnd(e.flush())
	if err != nil {
		h.host.Failed(stageSave, e.id, err)
	}
	return err
}
