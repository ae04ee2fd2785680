package live

import "github.com/socketio-sessions/socketio-sessions/store"

// A keeper is a Book as the store asks it before a request goes on.
type keeper struct{ *Book }

var _ store.Keeper = keeper{}

// Settle implements [store.Keeper].
func (k keeper) Settle(id string) {
	if e := k.Entry(id); e != nil {
		_ = e.save() // what cannot be saved yet is older than what somebody else writes
	}
}

// Yield implements [store.Keeper]. A session that has no entry yet may have one
// before it ends.
func (k keeper) Yield(id string) (yielded func(ended bool), err error) {
	if e := k.Entry(id); e != nil {
		e.collect()
	}
	if e := k.yield(id); e != nil {
		err = e.save()
	}
	if IsStoreError(err) {
		k.yielded(id, false)
		return nil, err
	}
	return func(ended bool) { k.yielded(id, ended) }, nil
}

// yield lets nobody change a session any more, and returns its entry, nil where
// there is none.
func (k keeper) yield(id string) *Entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.yielding[id]++
	e := k.entries[id]
	if e != nil {
		e.yield(1)
	}
	return e
}

// yielded lets everybody change a session again that has not ended and that no
// other request renews.
func (k keeper) yielded(id string, ended bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.yielding[id]--; k.yielding[id] == 0 {
		delete(k.yielding, id)
	}
	if e := k.entries[id]; e != nil && !ended {
		e.yield(-1)
	}
}

// save saves what waits to be saved, on behalf of somebody else.
func (e *Entry) save() error {
	err := IgnoreEnd(e.flush())
	if err != nil {
		e.book.host.Failed(stageSave, e.id, err)
	}
	return err
}

// yield adds to how many requests renew the session.
func (e *Entry) yield(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.yielding += n
}
