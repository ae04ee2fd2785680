package gobcodec

import "time"

// GobPrefix opens every session.
const GobPrefix = gobPrefix

// EncodeGob and DecodeGob are what Codec does without encoding/gob.
func EncodeGob(deadline time.Time, values map[string]any) ([]byte, bool) {
	b, _, ok := encodeGob(deadline, values)
	return b, ok
}

func DecodeGob(b []byte) (time.Time, map[string]any, bool) {
	deadline, values, _, ok := decodeGob(b)
	return deadline, values, ok
}

// CheckGob is what Codec does before it gives a stream to encoding/gob.
func CheckGob(b []byte) error { return checkGob(b) }

// DefinesTwice reports whether b defines a type as of two kinds at once. gob accepts that, Codec does not.
func DefinesTwice(b []byte) bool {
	c := gobChecker{gobReader: gobReader{in: b}}
	c.session(c.typeSequence(false))
	for _, d := range c.types.few[:c.types.n] {
		if d.kind == gobNoKind {
			return true
		}
	}
	for _, d := range c.types.more {
		if d.kind == gobNoKind {
			return true
		}
	}
	return false
}
