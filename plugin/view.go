package plugin

import (
	"context"
	"maps"
	"sync"
	"time"
	"weak"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A view is a session as SCS sees it: a context with session data of its own,
// made from a snapshot. What a handler changes in it is nobody else's until it
// is read back.
type view struct {
	context.Context
	data any
	// from is the snapshot that the changes are counted from.
	from *store.Snapshot
	// changed says that the data differed from the snapshot from the start.
	changed bool
	// reused says that an earlier handler has changed the view, and that the
	// snapshot is what it made: SCS cannot tell any more whether the present one
	// changes it.
	reused bool

	self weak.Pointer[view]
}

// weak returns a pointer that does not keep the view.
func (v *view) weak() weak.Pointer[view] {
	if v.self == (weak.Pointer[view]{}) {
		v.self = weak.Make(v)
	}
	return v.self
}

// views makes views and reads them back. SCS keeps its data to itself, so this
// goes through a copy of the manager: it shares the key under which SCS finds
// its data in a context, and has a store and a codec that only pass values on.
type views struct {
	key      any // the manager's key
	managers sync.Pool
}

type viewManager struct {
	scs.SessionManager
	tap tap
}

func newViews(manager *scs.SessionManager) *views {
	probe := &keyProbe{Context: context.Background()}
	// Load asks the context for the key first, and nothing else for no token.
	_, _ = manager.Load(probe, "")
	return &views{
		key: probe.key,
		managers: sync.Pool{New: func() any {
			m := &viewManager{SessionManager: *manager}
			m.Store = noStore{}
			m.Codec = &m.tap
			m.IdleTimeout = 0 // or a loaded session counts as modified
			m.HashTokenInStore = false
			return m
		}},
	}
}

// open makes a view of the snapshot; an empty one for no token.
func (v *views) open(token string, from *store.Snapshot) *view {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	m.tap.snapshot = from
	ctx, err := m.Load(context.Background(), token)
	m.tap.snapshot = nil
	if err != nil {
		panic(err) // neither noStore nor tap returns one
	}
	return &view{Context: ctx, data: ctx.Value(v.key), from: from}
}

// read returns the view's deadline and a copy of its values.
func (v *views) read(from *view) (time.Time, map[string]any) {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	if _, _, err := m.Commit(from); err != nil {
		panic(err) // neither noStore nor tap returns one
	}
	deadline, values := m.tap.deadline, m.tap.values
	m.tap.values = nil
	return deadline, values
}

// tap is a codec that hands decoded values through.
type tap struct {
	snapshot *store.Snapshot
	deadline time.Time
	values   map[string]any
}

// Decode hands SCS a copy of the snapshot's values: it changes what it gets.
func (t *tap) Decode([]byte) (time.Time, map[string]any, error) {
	values := maps.Clone(t.snapshot.Values)
	if values == nil {
		values = make(map[string]any)
	}
	return t.snapshot.Deadline, values, nil
}

// Encode takes a copy of SCS's values: a goroutine that a handler left behind
// can still change them.
func (t *tap) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	t.deadline, t.values = deadline, maps.Clone(values)
	return nil, nil
}

// noStore has every session and keeps nothing.
type noStore struct{}

func (noStore) Find(string) ([]byte, bool, error)      { return nil, true, nil }
func (noStore) Commit(string, []byte, time.Time) error { return nil }
func (noStore) Delete(string) error                    { return nil }

// keyProbe remembers the last key that it was asked for.
type keyProbe struct {
	context.Context
	key any
}

func (p *keyProbe) Value(key any) any {
	p.key = key
	return nil
}
