package gobcodec

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"time"
)

// A gobWriter appends the items of a gob stream ("Encoding Details" in encoding/gob).
type gobWriter struct {
	buf    []byte
	used   gobSet // the types met that a stream has to define
	failed bool
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

// int writes i shifted left by one. The lowest bit says whether the others are complemented.
func (w *gobWriter) int(i int64) { w.uint(uint64(i<<1) ^ uint64(i>>63)) }

// float writes the bytes of f in reverse: the last ones are often zero, and leading zeros cost nothing.
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

// open begins a value in an interface: the name and id of its type, a byte count, and the zero that precedes any value
// but a struct. It returns where the value starts, for close, which sets the count.
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

// uintBytes returns, in room, a number below 128 as one byte, and others as their bytes, big end first, after the
// negated count of these bytes.
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
	w := gobWriter{buf: make([]byte, 0, 64)}
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
