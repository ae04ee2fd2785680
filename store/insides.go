package store

import (
	"context"

	"github.com/alexedwards/scs/v2"
)

// contextKeyOf returns the key under which a manager finds its data of a session
// in a context.
func contextKeyOf(manager *scs.SessionManager) any {
	probe := &keyProbe{Context: context.Background()}
	// Load asks the context for the key first, and nothing else for no token.
	_, _ = manager.Load(probe, "")
	return probe.key
}

// keyProbe remembers the last key that it was asked for.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}
