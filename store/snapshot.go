package store

import (
	"bytes"
	"fmt"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A Snapshot is one state of a session. It does not change once made, so any number
// of goroutines may share it.
type Snapshot struct {
	// Bytes is the session as the manager's codec encodes it.
	Bytes []byte
	// Deadline is when the session expires in any case.
	Deadline time.Time
	// Values are the session's values by key. Clone the map before you change it.
	Values map[string]any
}

// Holds reports whether a deadline and values are certainly those of the snapshot.
// Of maps, slices and the like it is never certain: somebody may have changed them
// in place, in the snapshot too.
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

// Since returns, in order, the keys whose values differ from those of an earlier
// snapshot.
func (s *Snapshot) Since(earlier *Snapshot) []string {
	if s == earlier {
		return nil
	}
	return changedKeys(earlier.Values, s.Values)
}

// A coder encodes and decodes the sessions of a manager with the manager's codec.
type coder struct{ manager *scs.SessionManager }

func (c coder) decode(b []byte) (*Snapshot, error) {
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

// decodeStored decodes what the backend holds. The error is [ErrMalformed].
func (c coder) decodeStored(b []byte) (*Snapshot, error) {
	found, err := c.decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return found, nil
}

// decodeCertainly returns a snapshot whose values are certainly those of its bytes:
// itself, unless it holds a map, a slice or the like.
func (c coder) decodeCertainly(snapshot *Snapshot) (*Snapshot, error) {
	if snapshot.Values == nil || !arePlain(snapshot.Values) {
		return c.decode(snapshot.Bytes)
	}
	return snapshot, nil
}

func (c coder) encode(deadline time.Time, values map[string]any) (*Snapshot, error) {
	made, _, err := c.encodeFrom(nil, deadline, values)
	return made, err
}

// encodeFrom encodes values that were made from an earlier snapshot, nil for none.
// asPut says that the new snapshot holds these very values: the codec changes none
// of them, and they need not be decoded again.
func (c coder) encodeFrom(earlier *Snapshot, deadline time.Time, values map[string]any) (made *Snapshot, asPut bool, err error) {
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
	made, err = c.decode(b)
	return made, false, err
}

// rebase returns current with the changes made between base and mine. It decodes
// the bytes of all three: a map or slice can have been changed in place, and only
// the bytes still tell what it was.
func (c coder) rebase(base, mine, current *Snapshot) (*Snapshot, error) {
	old, err := c.decode(base.Bytes)
	if err != nil {
		return nil, err
	}
	changed, err := c.decode(mine.Bytes)
	if err != nil {
		return nil, err
	}
	now, err := c.decode(current.Bytes)
	if err != nil {
		return nil, err
	}
	return c.encode(
		mergeTime(old.Deadline, changed.Deadline, now.Deadline),
		merge(old.Values, changed.Values, now.Values),
	)
}

// same reports whether two snapshots have the same values and deadline, also where
// their bytes differ.
func (c coder) same(a, b *Snapshot) (bool, error) {
	if bytes.Equal(a.Bytes, b.Bytes) {
		return true, nil
	}
	x, err := c.decode(a.Bytes)
	if err != nil {
		return false, err
	}
	y, err := c.decode(b.Bytes)
	if err != nil {
		return false, err
	}
	return x.Deadline.Equal(y.Deadline) && reflect.DeepEqual(x.Values, y.Values), nil
}

// contain turns a panic of a codec into an error: a value's own GobEncode may run in
// a goroutine where nothing else would.
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

func isGob(codec scs.Codec) bool {
	switch codec.(type) {
	case *Codec, scs.GobCodec:
		return true
	}
	return false
}

// comeBack reports whether gob gives values back as they are. It does so with plain
// types, and with values that it gave before.
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

// isSame reports whether two values are one and the same.
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

func arePlain(values map[string]any) bool {
	for _, value := range values {
		if !isPlain(value) {
			return false
		}
	}
	return true
}

// isPlain reports whether a value is of a type that nobody can change in place, and
// that gob gives back as it is.
func isPlain(value any) bool {
	switch value.(type) {
	case bool, string, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return true
	}
	return false
}
