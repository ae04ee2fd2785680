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

// Implicit returns how many transactions there are that nobody began.
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

// EndsAwaited returns how many ends somebody waits for.
func (c *Core) EndsAwaited() int {
	c.ends.mu.Lock()
	defer c.ends.mu.Unlock()
	return len(c.ends.awaited)
}

// CheckMap is what CheckSCS does of Commit, where that hands a codec another map,
// or holds no lock.
func CheckMap() (other, unlocked error) {
	r := newSCSRecorder(scs.New())
	other = r.checkMap(func(context.Context) error { r.encode(make(map[string]any)); return nil })
	unlocked = r.checkMap(func(context.Context) error { r.encode(r.decoded); return nil })
	return other, unlocked
}

// CheckCause is what CheckSCS does of one method, which call stands for.
func CheckCause(name string, call func(*scs.SessionManager, context.Context) error) error {
	r := newSCSRecorder(scs.New())
	want := map[string]scsMethod{"Destroy": callsDestroy, "RenewToken": callsRenewToken, "MergeSession": callsMergeSession}[name]
	return r.checkCaller(name, want, func(ctx context.Context) error { return call(&r.manager, ctx) })
}
