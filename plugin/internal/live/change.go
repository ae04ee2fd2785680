package live

import (
	"bytes"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A change is what the user of a view has made of it.
type change struct {
	mine  *store.Snapshot // nil when it is nothing new
	seen  contents        // what the view showed then, if it was read
	asPut bool            // mine holds the very values that it showed
}

// changes returns what the user of a view, which has this status, has made of it.
// The error is a value that the codec cannot encode. v.mu is held.
func (v *views) changes(of *view, status scs.Status) (made change, err error) {
	if status == scs.Unmodified {
		return made, nil
	}
	from := of.from.Load()
	made.seen = v.read(of)
	if of.reused && from.Holds(made.seen.deadline, made.seen.values) {
		return made, nil
	}
	mine, asPut, err := v.store.EncodeFrom(from, made.seen.deadline, made.seen.values)
	if err == nil && (!of.reused || !bytes.Equal(mine.Bytes, from.Bytes)) {
		made.mine, made.asPut = mine, asPut
	}
	return made, err
}

// catchUp makes the view show work, with all that its user has changed on top. v.mu
// is held.
func (v *views) catchUp(in *view, work *store.Snapshot) error {
	from := in.from.Load()
	if work == from {
		return nil
	}
	was, err := v.store.Decode(from.Bytes)
	if err != nil {
		return &StoreError{stageLoad, err}
	}
	return v.showAll(in, contents{was.Deadline, was.Values}, work)
}

// show makes the view show work, but for what its user has changed since it showed
// seen. It shares no value with another view then. v.mu is held.
func (v *views) show(in *view, seen contents, work *store.Snapshot) error {
	if work == in.from.Load() {
		return nil
	}
	return v.showAll(in, seen, work)
}

// showAll is show for a view that may show something else than its snapshot.
func (v *views) showAll(in *view, seen contents, work *store.Snapshot) error {
	now, err := v.store.Decode(work.Bytes)
	if err != nil {
		return &StoreError{stageLoad, err}
	}
	v.edit(in, editFunc(func(values map[string]any) { updateValues(values, seen.values, now.Values) }))
	if !now.Deadline.Equal(seen.deadline) && v.manager.Deadline(in).Equal(seen.deadline) {
		v.manager.SetDeadline(in, now.Deadline)
	}
	in.reused = true
	in.from.Store(work)
	return nil
}

// updateValues replaces seen by now, but for the keys that the user has changed
// since.
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

// dropUnstorable takes out the values that the codec cannot encode, and puts back
// what was there before.
func (v *views) dropUnstorable(in *view) {
	before, err := v.store.Decode(in.from.Load().Bytes)
	if err != nil {
		before = new(store.Snapshot)
	}
	for key, value := range v.read(in).values {
		if _, err := v.store.Encode(time.Time{}, map[string]any{key: value}); err == nil {
			continue
		}
		if old, ok := before.Values[key]; ok {
			v.manager.Put(in, key, old)
		} else {
			v.manager.Remove(in, key)
		}
	}
}
