package gobcodec

import (
	"math"
	"math/bits"
	"time"
)

// maxFastDepth is how deep maps may be nested; deeper ones are left to gob. Each map reserves room for as many entries as
// the rest of the stream could hold, before it is known to hold them.
const maxFastDepth = 8

// A gobSessionReader reads the values of a session. It fails at types that it does not know.
type gobSessionReader struct {
	gobReader
	text     string // a copy of in from textFrom on, for strings to share; "" if each gets its own copy
	textFrom int
	depth    int    // of maps in maps
	used     gobSet // the types of gobRegistered that were met
}

func (r *gobSessionReader) values(id gobID) map[string]any {
	n := r.mapLen(id, gobInterface)
	r.depth++
	r.expect(r.depth <= maxFastDepth)
	values := make(map[string]any, min(n, r.left()/8)) // an entry takes more than 8 bytes, unless it is nil
	for ; n > 0 && !r.failed; n-- {
		key := r.string()
		values[key] = r.value()
	}
	r.depth--
	return values
}

// value reads a value in an interface: the name of its type, its type's id, a byte count, a zero, and the value.
func (r *gobSessionReader) value() any {
	name := r.bytes()
	if len(name) == 0 {
		return nil
	}
	id := r.typeSequence(true)
	r.uint() // the byte count, which serves to skip the value; gob does not compare it either
	if r.uint() != 0 {
		r.fail()
	}
	switch id {
	case gobInt:
		return r.signed(name)
	case gobUint:
		return r.unsigned(name)
	}
	switch string(name) {
	case "string":
		r.expect(id == gobString)
		return r.string()
	case "[]uint8":
		r.expect(id == gobBytes)
		return append([]byte(nil), r.bytes()...)
	case "bool":
		r.expect(id == gobBool)
		return r.uint() != 0
	case "float64":
		r.expect(id == gobFloat)
		return readFloat[float64](r)
	case "float32":
		r.expect(id == gobFloat)
		return readFloat[float32](r)
	}
	return r.composite(name, id)
}

func (r *gobSessionReader) signed(name []byte) any {
	switch string(name) {
	case "int":
		return readInt[int](r)
	case "int8":
		return readInt[int8](r)
	case "int16":
		return readInt[int16](r)
	case "int32":
		return readInt[int32](r)
	case "int64":
		return readInt[int64](r)
	}
	r.fail()
	return nil
}

func (r *gobSessionReader) unsigned(name []byte) any {
	switch string(name) {
	case "uint":
		return readUint[uint](r)
	case "uint8":
		return readUint[uint8](r)
	case "uint16":
		return readUint[uint16](r)
	case "uint32":
		return readUint[uint32](r)
	case "uint64":
		return readUint[uint64](r)
	case "uintptr":
		return readUint[uintptr](r)
	}
	r.fail()
	return nil
}

func (r *gobSessionReader) composite(name []byte, id gobID) any {
	switch string(name) {
	case "[]string":
		return readStrings(r, id)
	case "[]bool":
		return readBools(r, id)
	case "[]int":
		return readInts[int](r, id)
	case "[]int8":
		return readInts[int8](r, id)
	case "[]int16":
		return readInts[int16](r, id)
	case "[]int32":
		return readInts[int32](r, id)
	case "[]int64":
		return readInts[int64](r, id)
	case "[]uint":
		return readUints[uint](r, id)
	case "[]uint16":
		return readUints[uint16](r, id)
	case "[]uint32":
		return readUints[uint32](r, id)
	case "[]uint64":
		return readUints[uint64](r, id)
	case "[]uintptr":
		return readUints[uintptr](r, id)
	case "[]float32":
		return readFloats[float32](r, id)
	case "[]float64":
		return readFloats[float64](r, id)
	}
	return r.registered(name, id)
}

// registered reads values of the types of gobRegistered. The caller finds out whether gob has them.
func (r *gobSessionReader) registered(name []byte, id gobID) any {
	switch string(name) {
	case "time.Time":
		r.used |= setOf(gobTime)
		return r.time(id)
	case "map[string]interface {}":
		r.used |= setOf(gobValues)
		return r.values(id)
	case "map[string]string":
		r.used |= setOf(gobStringMap)
		m := make(map[string]string)
		for n := r.mapLen(id, gobString); n > 0 && !r.failed; n-- {
			key := r.string()
			m[key] = r.string()
		}
		return m
	case "map[string]int":
		r.used |= setOf(gobIntMap)
		m := make(map[string]int)
		for n := r.mapLen(id, gobInt); n > 0 && !r.failed; n-- {
			key := r.string()
			m[key] = readInt[int](r)
		}
		return m
	}
	r.fail()
	return nil
}

func (r *gobSessionReader) expect(ok bool) {
	if !ok {
		r.fail()
	}
}

func (r *gobSessionReader) string() string {
	b := r.bytes()
	if r.text == "" {
		return string(b)
	}
	return r.text[r.pos-len(b)-r.textFrom : r.pos-r.textFrom]
}

func (r *gobSessionReader) time(id gobID) (t time.Time) {
	r.expect(r.types.find(id).kind == gobEncoder)
	if t.UnmarshalBinary(r.bytes()) != nil {
		r.fail()
	}
	return t
}

func readInt[T signed](r *gobSessionReader) T {
	i := r.int()
	if int64(T(i)) != i {
		r.fail()
	}
	return T(i)
}

func readUint[T unsigned](r *gobSessionReader) T {
	x := r.uint()
	if uint64(T(x)) != x {
		r.fail()
	}
	return T(x)
}

// readFloat reads a float. A float32 may be infinite if the stream says so; a number that is too large for it is not.
func readFloat[T float](r *gobSessionReader) T {
	f := math.Float64frombits(bits.ReverseBytes64(r.uint()))
	if abs := math.Abs(f); math.MaxFloat32 < abs && abs <= math.MaxFloat64 && float64(T(f)) != f {
		r.fail()
	}
	return T(f)
}

// newSlice returns the slice that a stream announces: nil if it is empty, as gob does.
func newSlice[T any](r *gobSessionReader, id, elem gobID) []T {
	t := r.types.find(id)
	n := int(r.uint())
	r.expect(t.kind == gobSlice && t.elem == elem && n >= 0 && n <= r.left())
	if n == 0 || r.failed {
		return nil
	}
	return make([]T, n)
}

func readInts[T signed](r *gobSessionReader, id gobID) []T {
	s := newSlice[T](r, id, gobInt)
	for i := range s {
		s[i] = readInt[T](r)
	}
	return s
}

func readUints[T unsigned](r *gobSessionReader, id gobID) []T {
	s := newSlice[T](r, id, gobUint)
	for i := range s {
		s[i] = readUint[T](r)
	}
	return s
}

func readFloats[T float](r *gobSessionReader, id gobID) []T {
	s := newSlice[T](r, id, gobFloat)
	for i := range s {
		s[i] = readFloat[T](r)
	}
	return s
}

func readBools(r *gobSessionReader, id gobID) []bool {
	s := newSlice[bool](r, id, gobBool)
	for i := range s {
		s[i] = r.uint() != 0
	}
	return s
}

func readStrings(r *gobSessionReader, id gobID) []string {
	s := newSlice[string](r, id, gobString)
	for i := range s {
		s[i] = r.string()
	}
	return s
}

// mapLen reads how many entries a map by strings has. gob takes a negative number for none. An entry takes at least two
// bytes.
func (r *gobSessionReader) mapLen(id, elem gobID) int {
	n := int(r.uint())
	r.expect(r.types.hasMap(id, elem) && n <= r.left()/2)
	if r.failed {
		return 0
	}
	return max(0, n)
}
