package store

import (
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

var _ scs.Codec = (*Codec)(nil)

// A Codec encodes sessions as [scs.GobCodec] does, only faster: each reads what the
// other wrote, in any process. encoding/gob compiles an encoder or a decoder for each
// call, while Codec knows the one struct that SCS stores.
//
// It knows these types of values: bool, string, []byte, all integers and floats, slices
// of these, and nil; and, if the app has passed them to [encoding/gob.Register],
// time.Time, map[string]any, map[string]string and map[string]int. A session with any
// other value goes through scs.GobCodec as a whole.
//
// Bytes that are not a session are an error. Unlike scs.GobCodec, Decode does not panic
// on them, and allocates at most a multiple of their length.
//
// The decoded strings of a small session share one copy of its bytes: each of them keeps
// the whole copy in memory.
//
// The zero value is ready to use. A Codec is safe for concurrent use, and must not be
// copied after its first use.
type Codec struct{ gob gobcodec.Codec }

// Encode returns the bytes of a session.
func (c *Codec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	return c.gob.Encode(deadline, values)
}

// Decode returns the session that Encode, this one or that of [scs.GobCodec], has
// encoded. It does not keep b.
func (c *Codec) Decode(b []byte) (time.Time, map[string]any, error) { return c.gob.Decode(b) }
