package gobcodec

import "time"

// maxSharedText is the size up to which all strings of a stream share one copy.
const maxSharedText = 4 << 10

// decodeGob reads the stream of a session, and returns which types are in it. It leaves a stream to gob, and returns
// false, that is broken, is not exactly as SCS writes it, or has types that decodeGob does not know.
func decodeGob(b []byte) (deadline time.Time, values map[string]any, used gobSet, ok bool) {
	r := gobSessionReader{gobReader: gobReader{in: b}}
	session := r.types.find(r.typeSequence(false))
	if !r.types.isSession(session) {
		return deadline, nil, 0, false
	}
	if r.left() <= maxSharedText {
		r.text, r.textFrom = string(b[r.pos:]), r.pos
	}
	for f := r.nextField(-1, 2); f >= 0; f = r.nextField(f, 2) {
		if f == 0 {
			deadline = r.time(session.fields[0].id)
		} else {
			values = r.values(session.fields[1].id)
		}
	}
	return deadline, values, r.used, !r.failed
}
