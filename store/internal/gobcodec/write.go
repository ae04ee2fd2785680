package gobcodec

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"time"
)

// gobPrefix defines the types of every session, with the ids that a process gives them that uses gob for nothing else.
const gobPrefix = "" +
	"\x25\x7f\x03\x01\x02\xff\x80\x00\x01\x02" + // type 64: a struct of two fields
	"\x01\x08Deadline\x01\xff\x82\x00" + "\x01\x06Values\x01\xff\x84\x00" + "\x00\x00" +
	"\x10\xff\x81\x05\x01\x01\x04Time\x01\xff\x82\x00\x00\x00" + // type 65: a GobEncoder
	"\x27\xff\x83\x04\x01\x01\x17map[string]interface {}\x01\xff\x84\x00\x01\x0c\x01\x10\x00\x00" // type 66: a map

// encodeGob returns the stream of a session and the types in it, or false if it does not know one of them.
//
// Where gob first meets a type, inside a value, it breaks off the message to define the type, then goes on in a new
// one. encodeGob puts the definitions in front of the message. The grammar has room for both.
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

// sizeGuess is what most sessions need at most, so that they take one allocation.
func sizeGuess(values map[string]any) int {
	n := len(gobPrefix) + 32
	for key, v := range values {
		n += len(key) + 16
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
	}
	return n
}

// A gobWriter appends the items of a gob stream ("Encoding Details" in encoding/gob).
type gobWriter struct {
	buf    []byte
	used   gobSet // the types met that a stream has to define
	failed bool
}

// session writes the struct that SCS encodes. A struct leaves out what is zero and numbers fields by their distance.
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

func (w *gobWriter) values(values map[string]any) {
	w.uint(uint64(len(values)))
	for key, v := range values {
		w.string(key)
		w.value(v)
		if w.failed {
			return
		}
	}
}

func (w *gobWriter) literal(s string) { w.buf = append(w.buf, s...) }

func (w *gobWriter) uint(x uint64) {
	if x <= 0x7f {
		w.buf = append(w.buf, byte(x))
		return
	}
	var room [9]byte
	w.buf = append(w.buf, uintBytes(&room, x)...)
}

// int writes i shifted by the lowest bit, which tells whether the others are complemented.
func (w *gobWriter) int(i int64) { w.uint(uint64(i<<1) ^ uint64(i>>63)) }

// float writes the bytes of f in reverse: often the last ones are zero, and saved as leading ones.
func (w *gobWriter) float(f float64) { w.uint(bits.ReverseBytes64(math.Float64bits(f))) }

func (w *gobWriter) bool(v bool) {
	if v {
		w.uint(1)
	} else {
		w.uint(0)
	}
}

func (w *gobWriter) string(s string) {
	w.uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// time writes what Time.GobEncode returns.
func (w *gobWriter) time(t time.Time) {
	w.literal("\x00") // the length: see below
	start := len(w.buf)
	b, err := t.AppendBinary(w.buf)
	if err != nil {
		w.failed = true
		return
	}
	w.buf = b
	w.buf[start-1] = byte(len(b) - start)
}

// open begins a value in an interface: the name and id of its type, a byte count, and the zero that comes before
// whatever is no struct. The value starts where open says; close sets the count.
func (w *gobWriter) open(name string, id gobID) (start int) {
	w.string(name)
	w.int(int64(id))
	w.literal("\x00\x00")
	return len(w.buf)
}

func (w *gobWriter) close(start int) {
	n := len(w.buf) - start + 1
	if n <= 0x7f {
		w.buf[start-2] = byte(n)
		return
	}
	var room [9]byte
	count := uintBytes(&room, uint64(n))
	w.buf[start-2] = count[0]
	w.buf = slices.Insert(w.buf, start-1, count[1:]...)
}

// uintBytes returns, in room, a number below 128 as a byte, and others as their bytes, big end first, after the negated
// count of these.
func uintBytes(room *[9]byte, x uint64) []byte {
	if x <= 0x7f {
		room[0] = byte(x)
		return room[:1]
	}
	binary.BigEndian.PutUint64(room[1:], x)
	skip := bits.LeadingZeros64(x) / 8
	room[skip] = byte(skip - 8)
	return room[skip:]
}

// definitions returns the messages that define the types of the set.
func definitions(set gobSet) []byte {
	var w gobWriter
	for ; set != 0; set &= set - 1 {
		w.definition(gobFirstID + gobID(bits.TrailingZeros64(uint64(set))))
	}
	return w.buf
}

// definition writes the message that defines a slice, or a map by strings.
func (w *gobWriter) definition(id gobID) {
	w.literal("\x00") // the length: see below
	start := len(w.buf)
	w.int(-int64(id))
	kind := gobSlice
	if gobRegistered&setOf(id) != 0 {
		kind = gobMap
	}
	w.uint(uint64(kind))
	w.literal("\x01\x02") // CommonType: no name, so straight to its second field
	w.int(int64(id))
	w.literal("\x00\x01")
	if kind == gobMap {
		w.int(int64(gobString))
		w.literal("\x01")
	}
	w.int(int64(id.elem()))
	w.literal("\x00\x00")
	w.buf[start-1] = byte(len(w.buf) - start)
}
