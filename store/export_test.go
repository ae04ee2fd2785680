package store

import (
	"context"

	"github.com/alexedwards/scs/v2"
)

// Len returns how many sessions are held, expired ones included.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}

// Implicit returns how many implicit transactions there are.
func (c *Core) Implicit() (n int) {
	c.implicit.Range(func(any, any) bool { n++; return true })
	return n
}

// EndsKnown returns how many ends are remembered.
func (c *Core) EndsKnown() int {
	c.ends.mu.Lock()
	defer c.ends.mu.Unlock()
	return len(c.ends.known)
}

// EndsAwaited returns how many ends are waited for.
func (c *Core) EndsAwaited() int {
	c.ends.mu.Lock()
	defer c.ends.mu.Unlock()
	return len(c.ends.awaited)
}

// CheckMap is CheckSCS's test of Commit, if Commit passed another map to the codec, or held
// no lock.
func CheckMap() (other, unlocked error) {
	r := newSCSRecorder(scs.New())
	other = r.checkMap(func(context.Context) error { r.encode(make(map[string]any)); return nil })
	unlocked = r.checkMap(func(context.Context) error { r.encode(r.decoded); return nil })
	return other, unlocked
}

// CheckCaller is CheckSCS's test of one method. call takes the place of the method.
func CheckCaller(name string, call func(*scs.SessionManager, context.Context) error) error {
	r := newSCSRecorder(scs.New())
	want := map[string]scsMethod{"Destroy": callsDestroy, "RenewToken": callsRenewToken, "MergeSession": callsMergeSession}[name]
	return r.checkCaller(name, want, func(ctx context.Context) error { return call(&r.manager, ctx) })
}

// Rolls returns how many rolls are held.
func (m *Memory) Rolls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rolls)
}
