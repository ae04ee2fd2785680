package live

import (
	"context"
	"maps"
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
// shows later changes of the session too, so that no write into it is lost, in
// whatever goroutine.
type view struct {
	context.Context
	data any

	// mu is held from reading the view back until it shows what came of that, over
	// the codec and the store: Save, Update and Reload of several goroutines follow
	// each other. Nothing that SCS calls takes it.
	mu sync.Mutex

	// from is the snapshot that the changes are counted from. It is set under mu,
	// or by a commit of SCS's.
	from atomic.Pointer[store.Snapshot]

	// reused says that the data was changed before, or by this package: SCS can no
	// longer tell whether its present user changes it. mu guards it.
	reused bool

	self weak.Pointer[view]
}

// weak returns a pointer that does not keep the view alive.
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
	manager  *scs.SessionManager // the app's
	store    *store.Core
	key      any // the manager's key
	managers sync.Pool
}

type viewManager struct {
	scs.SessionManager
	tap tap
}

func newViews(manager *scs.SessionManager, core *store.Core) *views {
	return &views{
		manager: manager, store: core, key: core.ContextKey(),
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

// open makes a view of a snapshot. Without a token it is empty.
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

// openFresh makes a view that shares no value with another: what is done to its
// values in place must not count twice.
func (v *views) openFresh(token string, from *store.Snapshot) (*view, error) {
	fresh, err := v.store.Decode(from.Bytes)
	if err != nil {
		return nil, &StoreError{stageLoad, err}
	}
	opened := v.open(token, fresh)
	opened.from.Store(from)
	return opened, nil
}

// status returns what SCS knows of the user of a view.
func (v *views) status(of *view) scs.Status { return v.manager.Status(of) }

// read returns the view's contents, in a map of its own.
func (v *views) read(from *view) contents { return v.commit(from, nil) }

// edit lets by work on the view, in one step for all its users.
func (v *views) edit(in *view, by editor) { v.commit(in, by) }

// An editor works on the values that a view holds, under SCS's lock of the view.
type editor interface {
	edit(values map[string]any)
}

// editFunc is an editor that changes the values.
type editFunc func(values map[string]any)

func (f editFunc) edit(values map[string]any) { f(values) }

// commit has SCS commit the view to nowhere: by gets its values, or without one the
// caller gets its contents.
func (v *views) commit(of *view, by editor) contents {
	m := v.managers.Get().(*viewManager)
	defer v.managers.Put(m)
	m.tap.editor = by
	_, _, err := m.Commit(of)
	got := m.tap.contents
	m.tap.editor, m.tap.contents = nil, contents{}
	if err != nil {
		panic(err) // neither noStore nor tap returns one
	}
	return got
}

// tap is a codec that passes decoded values on.
type tap struct {
	snapshot *store.Snapshot // for Decode
	editor   editor          // for Encode; nil to read
	contents contents        // what Encode has read
}

// Decode gives SCS a copy of the snapshot's values: SCS changes what it gets.
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
	if t.editor != nil {
		t.editor.edit(values)
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
