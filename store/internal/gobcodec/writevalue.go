package gobcodec

import "time"

type (
	signed interface {
		int | int8 | int16 | int32 | int64
	}
	unsigned interface {
		uint | uint8 | uint16 | uint32 | uint64 | uintptr
	}
	float interface{ float32 | float64 }
)

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

// value writes a value in an interface. It fails at types that it does not know.
func (w *gobWriter) value(v any) {
	switch v := v.(type) {
	case nil:
		w.uint(0)
	case string:
		start := w.open("string", gobString)
		w.string(v)
		w.close(start)
	case bool:
		start := w.open("bool", gobBool)
		w.bool(v)
		w.close(start)
	case int:
		w.signed("int", int64(v))
	case int8:
		w.signed("int8", int64(v))
	case int16:
		w.signed("int16", int64(v))
	case int32:
		w.signed("int32", int64(v))
	case int64:
		w.signed("int64", v)
	case uint:
		w.unsigned("uint", uint64(v))
	case uint8:
		w.unsigned("uint8", uint64(v))
	case uint16:
		w.unsigned("uint16", uint64(v))
	case uint32:
		w.unsigned("uint32", uint64(v))
	case uint64:
		w.unsigned("uint64", v)
	case uintptr:
		w.unsigned("uintptr", uint64(v))
	case float32:
		w.floating("float32", float64(v))
	case float64:
		w.floating("float64", v)
	default:
		w.composite(v)
	}
}

func (w *gobWriter) signed(name string, i int64) {
	start := w.open(name, gobInt)
	w.int(i)
	w.close(start)
}

func (w *gobWriter) unsigned(name string, x uint64) {
	start := w.open(name, gobUint)
	w.uint(x)
	w.close(start)
}

func (w *gobWriter) floating(name string, f float64) {
	start := w.open(name, gobFloat)
	w.float(f)
	w.close(start)
}

func (w *gobWriter) composite(v any) {
	switch v := v.(type) {
	case []byte:
		start := w.open("[]uint8", gobBytes)
		w.uint(uint64(len(v)))
		w.buf = append(w.buf, v...)
		w.close(start)
	case []string:
		writeStrings(w, "[]string", gobStrings, v)
	case []bool:
		writeBools(w, "[]bool", gobBools, v)
	case []int:
		writeInts(w, "[]int", gobInts, v)
	case []int8:
		writeInts(w, "[]int8", gobInt8s, v)
	case []int16:
		writeInts(w, "[]int16", gobInt16s, v)
	case []int32:
		writeInts(w, "[]int32", gobInt32s, v)
	case []int64:
		writeInts(w, "[]int64", gobInt64s, v)
	case []uint:
		writeUints(w, "[]uint", gobUints, v)
	case []uint16:
		writeUints(w, "[]uint16", gobUint16s, v)
	case []uint32:
		writeUints(w, "[]uint32", gobUint32s, v)
	case []uint64:
		writeUints(w, "[]uint64", gobUint64s, v)
	case []uintptr:
		writeUints(w, "[]uintptr", gobUintptrs, v)
	case []float32:
		writeFloats(w, "[]float32", gobFloat32s, v)
	case []float64:
		writeFloats(w, "[]float64", gobFloat64s, v)
	default:
		w.registered(v)
	}
}

// registered writes values of the types of gobRegistered. The caller finds out whether gob has them.
func (w *gobWriter) registered(v any) {
	switch v := v.(type) {
	case time.Time:
		w.used |= setOf(gobTime)
		start := w.open("time.Time", gobTime)
		w.time(v)
		w.close(start)
	case map[string]any:
		w.used |= setOf(gobValues)
		start := w.open("map[string]interface {}", gobValues)
		w.values(v)
		w.close(start)
	case map[string]string:
		start := w.openMany("map[string]string", gobStringMap, len(v))
		for key, s := range v {
			w.string(key)
			w.string(s)
		}
		w.close(start)
	case map[string]int:
		start := w.openMany("map[string]int", gobIntMap, len(v))
		for key, i := range v {
			w.string(key)
			w.int(int64(i))
		}
		w.close(start)
	default:
		w.failed = true
	}
}

// openMany begins a slice or map of n elements.
func (w *gobWriter) openMany(name string, id gobID, n int) (start int) {
	w.used |= setOf(id)
	start = w.open(name, id)
	w.uint(uint64(n))
	return start
}

func writeInts[T signed](w *gobWriter, name string, id gobID, v []T) {
	start := w.openMany(name, id, len(v))
	for _, i := range v {
		w.int(int64(i))
	}
	w.close(start)
}

func writeUints[T unsigned](w *gobWriter, name string, id gobID, v []T) {
	start := w.openMany(name, id, len(v))
	for _, x := range v {
		w.uint(uint64(x))
	}
	w.close(start)
}

func writeFloats[T float](w *gobWriter, name string, id gobID, v []T) {
	start := w.openMany(name, id, len(v))
	for _, f := range v {
		w.float(float64(f))
	}
	w.close(start)
}

func writeBools(w *gobWriter, name string, id gobID, v []bool) {
	start := w.openMany(name, id, len(v))
	for _, x := range v {
		w.bool(x)
	}
	w.close(start)
}

func writeStrings(w *gobWriter, name string, id gobID, v []string) {
	start := w.openMany(name, id, len(v))
	for _, s := range v {
		w.string(s)
	}
	w.close(start)
}
