// Package gobcodec reads and writes gob's bytes of a session without gob's cost.
package gobcodec

import (
	"fmt"
	"math/bits"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
)

var _ scs.Codec = (*Codec)(nil)

// A Codec encodes sessions as [scs.GobCodec] does, only faster; see store.Codec.
type Codec struct {
	// registered is a set of types that gob is known to have. gob never forgets a type, so a bit that is set stays right.
	registered atomic.Uint64
}

// Encode returns the bytes of a session.
func (c *Codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	if b, used, ok := encodeGob(deadline, values); ok && c.knows(used) {
		return b, nil
	}
	return scs.GobCodec{}.Encode(deadline, values)
}

// Decode returns the session that Encode, this one or that of [scs.GobCodec], has encoded. It does not keep b.
func (c *Codec) Decode(b []byte) (time.Time, map[string]any, error) {
	if deadline, values, used, ok := decodeGob(b); ok && c.knows(used) {
		return deadline, values, nil
	}
	if err := checkGob(b); err != nil {
		return time.Time{}, nil, err
	}
	return decodeSlowly(b)
}

// decodeSlowly decodes b with encoding/gob. b chooses what code runs there: an app's GobDecode may panic, and so may a
// map whose keys cannot be hashed. decodeSlowly returns such a panic as an error.
func decodeSlowly(b []byte) (deadline time.Time, values map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			deadline, values, err = time.Time{}, nil, fmt.Errorf("store: decode session: panic: %v", p)
		}
	}()
	return scs.GobCodec{}.Decode(b)
}

// knows reports whether gob in this process has every type of used, each under the name that Codec gives it.
func (c *Codec) knows(used gobSet) bool {
	for unproven := uint64(used&gobRegistered) &^ c.registered.Load(); unproven != 0; unproven &= unproven - 1 {
		id := gobFirstID + gobID(bits.TrailingZeros64(unproven))
		if !isRegistered(id) {
			return false
		}
		c.registered.Or(uint64(setOf(id)))
	}
	return true
}

// isRegistered reports whether gob decodes a value of the type under its usual name. gob keeps names and types one to
// one, so the answer holds for encoding too.
func isRegistered(id gobID) bool {
	var zero any
	switch id {
	case gobTime:
		zero = time.Time{}
	case gobValues:
		zero = map[string]any{}
	case gobStringMap:
		zero = map[string]string{}
	case gobIntMap:
		zero = map[string]int{}
	}
	b, _, ok := encodeGob(time.Time{}, map[string]any{"": zero})
	if !ok {
		return false
	}
	_, values, err := scs.GobCodec{}.Decode(b)
	return err == nil && reflect.TypeOf(values[""]) == reflect.TypeOf(zero)
}
