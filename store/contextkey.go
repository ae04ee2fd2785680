package store

import (
	"context"

	"github.com/alexedwards/scs/v2"
)

// contextKeyOf returns the key under which a manager keeps its session data in a
// context.
func contextKeyOf(manager *scs.SessionManager) any {
	recorder := &keyRecorder{Context: context.Background()}
	// Load asks the context for the key first, and does nothing else without a token.
	_, _ = manager.Load(recorder, "")
	return recorder.key
}

// A keyRecorder remembers the last key that it was asked for.
type keyRecorder struct {
	context.Context
	key any
}

func (r *keyRecorder) Value(key any) any {
	r.key = key
	return nil
}
