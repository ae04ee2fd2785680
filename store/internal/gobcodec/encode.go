package gobcodec

import (
	"slices"
	"time"
)

// gobPrefix defines the types of every session, with the ids of a process that uses gob for nothing else.
const gobPrefix = "" +
	"\x25\x7f\x03\x01\x02\xff\x80\x00\x01\x02" + // type 64: a struct of two fields
	"\x01\x08Deadline\x01\xff\x82\x00" + "\x01\x06Values\x01\xff\x84\x00" + "\x00\x00" +
	"\x10\xff\x81\x05\x01\x01\x04Time\x01\xff\x82\x00\x00\x00" + // type 65: a GobEncoder
	"\x27\xff\x83\x04\x01\x01\x17map[string]interface {}\x01\xff\x84\x00\x01\x0c\x01\x10\x00\x00" // type 66: a map

// encodeGob returns the stream of a session and the types in it, or false if it does not know one of them.
//
// gob defines a type when it first meets it inside a value: it breaks off the message, and continues it after the
// definition. encodeGob puts the definitions before the message. The grammar allows both.
func encodeGob(deadline time.Time, values map[string]any) ([]byte, gobSet, bool) {
	w := gobWriter{buf: make([]byte, 0, sizeGuess(values))}
	w.literal(gobPrefix)
	w.session(deadline, values)
	if w.failed {
		return nil, 0, false
	}
	var room [9]byte
	head := uintBytes(&room, uint64(len(w.buf)-len(gobPrefix)))
	if define := w.used &^ gobPredefined; define != 0 {
		head = append(definitions(define), head...)
	}
	return slices.Insert(w.buf, len(gobPrefix), head...), w.used, true
}

// sizeGuess returns a size that suffices for most sessions, which then cost one allocation.
func sizeGuess(values map[string]any) int {
	n := len(gobPrefix) + 32
	for key, v := range values {
		n += len(key) + 16
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		case time.Time:
			n += 20
		}
	}
	return n
}

// session writes the struct that SCS encodes. A struct omits zero fields, and numbers a field by its distance from the
// field before.
func (w *gobWriter) session(deadline time.Time, values map[string]any) {
	w.int(int64(gobSession))
	distance := uint64(1)
	if deadline != (time.Time{}) { // not IsZero: to gob, a location makes a difference
		w.uint(distance)
		w.time(deadline)
		distance = 0
	}
	if values != nil {
		w.uint(distance + 1)
		w.values(values)
	}
	w.uint(0)
}
