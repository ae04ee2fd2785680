package store

import (
	"bytes"
	"fmt"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A Snapshot is one state of a session. It is not changed once made, so any
// number of goroutines may share it.
type Snapshot struct {
	// Bytes is the session as the manager's codec encodes it.
	Bytes []byte
	// Deadline is the session's absolute expiry.
	Deadline time.Time
	// Values holds the session's values by key. Clone before you change it.
	Values map[string]any
}

// Encode makes a snapshot of values, which holds what the store would give back:
// a codec may change a value, as JSON makes a float64 of an int, and gob drops
// what is not exported. The error is the codec's: a value that it cannot encode,
// or not decode again.
func (c *Core) Encode(deadline time.Time, values map[string]any) (*Snapshot, error) {
	mine, _, err := c.EncodeFrom(nil, deadline, values)
	return mine, err
}

// EncodeFrom is [Core.Encode] of values that were made from an earlier snapshot.
// asPut says that mine holds these very values, since the codec changes none.
func (c *Core) EncodeFrom(earlier *Snapshot, deadline time.Time, values map[string]any) (mine *Snapshot, asPut bool, err error) {
	var b []byte
	err = contain("encode", func() (err error) {
		b, err = c.manager.Codec.Encode(deadline, values)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if isGob(c.manager.Codec) && comeBack(values, earlier) {
		return &Snapshot{Bytes: b, Deadline: deadline, Values: values}, true, nil
	}
	mine, err = c.Decode(b)
	return mine, false, err
}

// comeBack tells whether gob gives values back as they are: those of plain types,
// and those that it gave before.
func comeBack(values map[string]any, earlier *Snapshot) bool {
	for key, value := range values {
		if isPlain(value) {
			continue
		}
		if earlier == nil || !isSame(value, earlier.Values[key]) {
			return false
		}
	}
	return true
}

// isSame tells whether two values are one and the same.
func isSame(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if !x.IsValid() || !y.IsValid() || x.Type() != y.Type() {
		return false
	}
	switch x.Kind() {
	case reflect.Slice:
		return x.Len() == y.Len() && x.UnsafePointer() == y.UnsafePointer()
	case reflect.Map:
		return x.UnsafePointer() == y.UnsafePointer()
	}
	return x.Comparable() && y.Comparable() && a == b
}

// changeOf returns the event of a commit, none where nothing has changed or
// nobody would hear of it. It goes by the bytes: whoever holds a snapshot may be
// changing a map or slice among its values in place.
func (c *Core) changeOf(commit Commit) Event {
	id := commit.ID
	if id == "" {
		id = ID(commit.Key)
	}
	if bytes.Equal(commit.Base.Bytes, commit.Mine.Bytes) || !c.news.heard(id, commit.By) {
		return Event{}
	}
	event := Event{ID: id, Kind: Changed}
	base, err := c.certain(commit.Base)
	if err != nil {
		return event
	}
	mine, err := c.certain(commit.Mine)
	if err != nil {
		return event
	}
	event.Keys = changedKeys(base.Values, mine.Values)
	if len(event.Keys) == 0 && base.Deadline.Equal(mine.Deadline) {
		return Event{} // only the order of a map
	}
	return event
}

// certain returns a snapshot whose values are sure to be those of its bytes:
// itself, unless it holds a map, a slice or the like.
func (c *Core) certain(snapshot *Snapshot) (*Snapshot, error) {
	if snapshot.Values == nil || !arePlain(snapshot.Values) {
		return c.Decode(snapshot.Bytes)
	}
	return snapshot, nil
}

func isGob(codec scs.Codec) bool {
	switch codec.(type) {
	case *Codec, scs.GobCodec:
		return true
	}
	return false
}

func arePlain(values map[string]any) bool {
	for _, value := range values {
		if !isPlain(value) {
			return false
		}
	}
	return true
}

// isPlain tells whether a value is of a type that nobody can change in place, and
// that gob gives back as it is.
func isPlain(value any) bool {
	switch value.(type) {
	case bool, string, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return true
	}
	return false
}

// Holds tells whether a deadline and values are surely those of the snapshot. Of
// maps, slices and the like it is never sure: they can have been changed in
// place, in the snapshot too.
func (s *Snapshot) Holds(deadline time.Time, values map[string]any) bool {
	if !deadline.Equal(s.Deadline) || len(values) != len(s.Values) {
		return false
	}
	for key, value := range values {
		if old, ok := s.Values[key]; !ok || !isPlain(value) || old != value {
			return false
		}
	}
	return true
}

// Since returns the keys whose values differ from those of an earlier snapshot,
// in order.
func (s *Snapshot) Since(earlier *Snapshot) []string {
	if s == earlier {
		return nil
	}
	return changedKeys(earlier.Values, s.Values)
}

// Rebase returns current with the changes made between base and mine. It works
// on the bytes of all three: a value that is a map or a slice can have been
// changed in place, and only the bytes still tell what it was.
func (c *Core) Rebase(base, mine, current *Snapshot) (*Snapshot, error) {
	old, err := c.Decode(base.Bytes)
	if err != nil {
		return nil, err
	}
	changed, err := c.Decode(mine.Bytes)
	if err != nil {
		return nil, err
	}
	now, err := c.Decode(current.Bytes)
	if err != nil {
		return nil, err
	}
	return c.Encode(
		mergeTime(old.Deadline, changed.Deadline, now.Deadline),
		merge(old.Values, changed.Values, now.Values),
	)
}

// Decode returns a new snapshot of a session that the manager's codec has encoded: its
// values are nobody else's, also those that are maps or slices.
func (c *Core) Decode(b []byte) (*Snapshot, error) {
	found := &Snapshot{Bytes: b}
	err := contain("decode", func() (err error) {
		found.Deadline, found.Values, err = c.manager.Codec.Decode(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// decodeStored decodes what the backend holds.
func (c *Core) decodeStored(b []byte) (*Snapshot, error) {
	found, err := c.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return found, nil
}

// contain turns a panic of a codec into an error: a value's own GobEncode may
// run in a goroutine where nothing else would.
func contain(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			err = fmt.Errorf("store: %s: %w", what, err)
		}
	}()
	return f()
}

// Life returns the life of a session with this deadline whose last use is at
// the given time.
func (c *Core) Life(deadline, used time.Time) Life {
	life := Life{Expiry: deadline, Limit: deadline}
	if idle := c.manager.IdleTimeout; idle > 0 {
		if end := used.Add(idle); end.Before(deadline) {
			life.Expiry = end
		}
	}
	return life
}

// Same tells whether two snapshots hold the same values and deadline, also
// where their bytes differ.
func (c *Core) Same(a, b *Snapshot) (bool, error) {
	if bytes.Equal(a.Bytes, b.Bytes) {
		return true, nil
	}
	x, err := c.Decode(a.Bytes)
	if err != nil {
		return false, err
	}
	y, err := c.Decode(b.Bytes)
	if err != nil {
		return false, err
	}
	return x.Deadline.Equal(y.Deadline) && reflect.DeepEqual(x.Values, y.Values), nil
}
