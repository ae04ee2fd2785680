package store

import (
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

var _ scs.Codec = (*Codec)(nil)

// Codec encodes sessions as [scs.GobCodec] does, so that either reads what the other wrote, in any process, only faster:
// encoding/gob compiles an encoder or a decoder for each call, while Codec knows the one struct that SCS stores.
//
// It knows these types of values: bool, string, []byte, all integers and floats, slices of them, nil, and, where the
// app has told [encoding/gob.Register] of them, time.Time, map[string]any, map[string]string and map[string]int.
// A session with any other value goes through scs.GobCodec as a whole.
//
// Bytes that are not a session are an error. Other than scs.GobCodec, Decode neither panics on them nor allocates more
// than a multiple of their length.
//
// Decoded strings of a small session share one copy of its bytes, and so keep it alive together.
//
// The zero value is ready to use, by any number of goroutines. A Codec must not be copied after its first use.
type Codec struct{ gob gobcodec.Codec }

// Encode returns the bytes of a session.
func (c *Codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return c.gob.Encode(deadline, values)
}

// Decode returns the session that Encode of this or of [scs.GobCodec] made b of. It does not keep b.
func (c *Codec) Decode(b []byte) (time.Time, map[string]any, error) { return c.gob.Decode(b) }
