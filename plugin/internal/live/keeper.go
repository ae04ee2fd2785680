package live

import "github.com/socketio-sessions/socketio-sessions/store"

// A keeper is a Book as the store asks it before a request goes on.
type keeper struct{ *Book }

var _ store.Keeper = keeper{}

// Settle implements [store.Keeper].
func (k keeper) Settle(id string) {
	if e := k.Entry(id); e != nil {
		e.save()
	}
}

// Yield implements [store.Keeper].
func (k keeper) Yield(id string) func(ended bool) {
	e := k.Entry(id)
	if e == nil {
		return func(bool) {}
	}
	e.collect()
	e.yield(true)
	e.save()
	return func(ended bool) { e.yield(ended) }
}

// save saves what waits to be saved, on behalf of somebody else.
func (e *Entry) save() {
	if err := IgnoreEnd(e.flush()); err != nil {
		e.book.host.Failed(stageSave, e.id, err)
	}
}

// yield lets nobody change the session any more, or everybody again.
func (e *Entry) yield(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.yielding = on
}
