package live

import (
	"context"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A view is a session as SCS sees it: a context with session data of its own,
// made from a snapshot. What a handler changes in it is nobody else's until it
// is read back. It stays the same object for as long as somebody may use it, and
// is shown what has become of the session: whoever is about to write, in whatever
// goroutine, writes into it.
type view struct {
	context.Context
	data any

	// mu is held from when the view is read back to when it shows what came of
	// that, over the codec and the store: Save, Update and Reload of several
	// goroutines follow each other. Nothing that SCS calls takes it.
	mu sync.Mutex

	// from is the snapshot that the changes are counted from. It is set under mu,
	// or by a commit of SCS's.
	from atomic.Pointer[store.Snapshot]

	// reused says that the data was changed before, or by ourselves: SCS cannot
	// tell any more whether its present user changes it. It is guarded by mu.
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

// contents are what a view shows.
type contents struct {
	deadline time.Time
	values   map[string]any
}

// views makes views, reads them back and edits them. SCS keeps its data to
// itself, so this goes through a copy of the manager: it shares the key under
// which SCS finds its data in a context, and has a store and a codec that only
// pass values on.
type views struct {
	key      any // the manager's key
	managers sync.Pool
}

type viewManager struct {
	scs.SessionManager
	tap tap
}

func newViews(manager *scs.SessionManager, key any) *views {
	return &views{
		key: key,
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
	opened := &view{Context: ctx, data: ctx.Value(v.key)}
	opened.from.Store(from)
	return opened
}

// read returns the view's contents, in a map of its own.
func (v *views) read(from *view) contents {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	if _, _, err := m.Commit(from); err != nil {
		panic(err) // neither noStore nor tap returns one
	}
	got := m.tap.contents
	m.tap.contents = contents{}
	return got
}

// edit changes the view's values in place, in one step for all who use it.
func (v *views) edit(in *view, change func(values map[string]any)) {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	m.tap.edit = change
	_, _, err := m.Commit(in)
	m.tap.edit = nil
	if err != nil {
		panic(err) // neither noStore nor tap returns one
	}
}

// leave calls u.leftView under SCS's lock of the view.
func (v *views) leave(of *view, u *Use) {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	m.tap.leaves = u
	_, _, err := m.Commit(of)
	m.tap.leaves = nil
	if err != nil {
		panic(err) // neither noStore nor tap returns one
	}
}

// update makes the view show what now holds, but for what its user has changed
// since it showed seen. v.mu is held.
func (v *views) update(manager *scs.SessionManager, in *view, seen contents, now *store.Snapshot) {
	v.edit(in, func(values map[string]any) { updateValues(values, seen.values, now.Values) })
	if !now.Deadline.Equal(seen.deadline) && manager.Deadline(in).Equal(seen.deadline) {
		manager.SetDeadline(in, now.Deadline)
	}
	in.reused = true
}

// updateValues puts now in the place of seen, but for the keys that the user has
// changed since.
func updateValues(values, seen, now map[string]any) {
	untouched := func(key string) bool {
		old, was := seen[key]
		current, is := values[key]
		return was == is && (!was || equal(old, current))
	}
	for key, value := range now {
		if current, is := values[key]; untouched(key) && (!is || !equal(current, value)) {
			values[key] = value
		}
	}
	for key := range seen {
		if _, stays := now[key]; !stays && untouched(key) {
			delete(values, key)
		}
	}
}

// equal compares values as merging does.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// tap is a codec that hands decoded values through.
type tap struct {
	snapshot *store.Snapshot      // for Decode
	edit     func(map[string]any) // for Encode; nil to read
	leaves   *Use                 // for Encode: whose handler has returned
	contents contents             // what Encode has read
}

// Decode hands SCS a copy of the snapshot's values: it changes what it gets.
func (t *tap) Decode([]byte) (time.Time, map[string]any, error) {
	values := maps.Clone(t.snapshot.Values)
	if values == nil {
		values = make(map[string]any)
	}
	return t.snapshot.Deadline, values, nil
}

// Encode gets the values that SCS holds, under SCS's lock. It takes a copy: a
// goroutine that a handler left behind can still change them.
func (t *tap) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	switch {
	case t.leaves != nil:
		t.leaves.leftView()
		return nil, nil
	case t.edit != nil:
		t.edit(values)
		return nil, nil
	}
	t.contents = contents{deadline, maps.Clone(values)}
	return nil, nil
}

// noStore has every session and keeps nothing.
type noStore struct{}

func (noStore) Find(string) ([]byte, bool, error)      { return nil, true, nil }
func (noStore) Commit(string, []byte, time.Time) error { return nil }
func (noStore) Delete(string) error                    { return nil }
