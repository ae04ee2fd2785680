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
func (s *Store) Encode(deadline time.Time, values map[string]any) (*Snapshot, error) {
	mine, _, err := s.EncodeFrom(nil, deadline, values)
	return mine, err
}

// EncodeFrom is [Store.Encode] of values that were made from an earlier snapshot.
// asPut says that mine holds these very values, since the codec changes none.
func (s *Store) EncodeFrom(earlier *Snapshot, deadline time.Time, values map[string]any) (mine *Snapshot, asPut bool, err error) {
	var b []byte
	err = contain("encode", func() (err error) {
		b, err = s.manager.Codec.Encode(deadline, values)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if isGob(s.manager.Codec) && comeBack(values, earlier) {
		return &Snapshot{Bytes: b, Deadline: deadline, Values: values}, true, nil
	}
	mine, err = s.decode(b)
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
func (s *Store) changeOf(c Commit) Event {
	id := c.ID
	if id == "" {
		id = ID(c.Key)
	}
	if bytes.Equal(c.Base.Bytes, c.Mine.Bytes) || !s.news.heard(id, c.By) {
		return Event{}
	}
	event := Event{ID: id, Kind: Changed}
	base, err := s.certain(c.Base)
	if err != nil {
		return event
	}
	mine, err := s.certain(c.Mine)
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
func (s *Store) certain(snapshot *Snapshot) (*Snapshot, error) {
	if snapshot.Values == nil || !arePlain(snapshot.Values) {
		return s.decode(snapshot.Bytes)
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

// Fresh decodes a snapshot again: its values are then nobody else's, also those
// that are maps or slices.
func (s *Store) Fresh(snapshot *Snapshot) (*Snapshot, error) { return s.decode(snapshot.Bytes) }

// Rebase returns current with the changes made between base and mine. It works
// on the bytes of all three: a value that is a map or a slice can have been
// changed in place, and only the bytes still tell what it was.
func (s *Store) Rebase(base, mine, current *Snapshot) (*Snapshot, error) {
	old, err := s.decode(base.Bytes)
	if err != nil {
		return nil, err
	}
	changed, err := s.decode(mine.Bytes)
	if err != nil {
		return nil, err
	}
	now, err := s.decode(current.Bytes)
	if err != nil {
		return nil, err
	}
	return s.Encode(
		mergeTime(old.Deadline, changed.Deadline, now.Deadline),
		merge(old.Values, changed.Values, now.Values),
	)
}

func (s *Store) decode(b []byte) (*Snapshot, error) {
	found := &Snapshot{Bytes: b}
	err := contain("decode", func() (err error) {
		found.Deadline, found.Values, err = s.manager.Codec.Decode(b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// decodeStored decodes what the backend holds.
func (s *Store) decodeStored(b []byte) (*Snapshot, error) {
	found, err := s.decode(b)
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
func (s *Store) Life(deadline, used time.Time) Life {
	life := Life{Expiry: deadline, Limit: deadline}
	if idle := s.manager.IdleTimeout; idle > 0 {
		if end := used.Add(idle); end.Before(deadline) {
			life.Expiry = end
		}
	}
	return life
}

// Same tells whether two snapshots hold the same values and deadline, also
// where their bytes differ.
func (s *Store) Same(a, b *Snapshot) (bool, error) {
	if bytes.Equal(a.Bytes, b.Bytes) {
		return true, nil
	}
	x, err := s.decode(a.Bytes)
	if err != nil {
		return false, err
	}
	y, err := s.decode(b.Bytes)
	if err != nil {
		return false, err
	}
	return x.Deadline.Equal(y.Deadline) && reflect.DeepEqual(x.Values, y.Values), nil
}
