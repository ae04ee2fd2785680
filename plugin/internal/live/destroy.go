package live

import (
	"context"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// destroy ends the session in the store and for its members.
func (e *Entry) destroy() error {
	e.exchange.begin()
	defer e.exchange.end()
	if err := e.store.End(context.Background(), e.key); err != nil {
		return e.failed(stageSave, err)
	}
	e.end(store.Destroyed)
	return nil
}
