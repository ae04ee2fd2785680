package gobcodec

// A gobID is the number of a type in a gob stream. The first 64 are fixed. A stream defines its others before it uses
// them, and each process chooses its own numbers for them ("Encoding Details" in encoding/gob).
type gobID int32

const (
	gobBool gobID = 1 + iota
	gobInt
	gobUint
	gobFloat
	gobBytes
	gobString
	gobComplex
	gobInterface

	gobCommonType gobID = 18
	gobFieldType  gobID = 21
	gobFirstID    gobID = 64
)

// The ids of types in the streams that we write. gobPrefix defines the first three.
const (
	gobSession gobID = gobFirstID + iota
	gobTime
	gobValues
	gobStringMap
	gobIntMap
	gobStrings
	gobBools
	gobInts
	gobInt8s
	gobInt16s
	gobInt32s
	gobInt64s
	gobUints
	gobUint16s
	gobUint32s
	gobUint64s
	gobUintptrs
	gobFloat32s
	gobFloat64s
)

// A gobSet is a set of those types.
type gobSet uint64

// gobRegistered are the types that gob sends in an interface only if the app has registered them. gobPredefined are
// those that gobPrefix defines.
const (
	gobRegistered = gobSet(1<<(gobTime-gobFirstID) | 1<<(gobValues-gobFirstID) |
		1<<(gobStringMap-gobFirstID) | 1<<(gobIntMap-gobFirstID))
	gobPredefined = gobSet(1<<(gobSession-gobFirstID) | 1<<(gobTime-gobFirstID) | 1<<(gobValues-gobFirstID))
)

func setOf(id gobID) gobSet { return 1 << (id - gobFirstID) }

// elem returns the type of the elements of a slice or map that we write.
func (id gobID) elem() gobID {
	switch {
	case id >= gobFloat32s:
		return gobFloat
	case id >= gobUints:
		return gobUint
	case id >= gobInts || id == gobIntMap:
		return gobInt
	case id == gobBools:
		return gobBool
	default:
		return gobString
	}
}

// A gobKind is what a definition describes: the number, from 1, of the field that is set in gob's wireType.
type gobKind int

const (
	gobNoKind gobKind = iota // none is set, or more than one
	gobArray
	gobSlice
	gobStruct
	gobMap
	gobEncoder
	gobBinaryMarshaler
	gobTextMarshaler
)

// A gobType is a type that a stream has defined.
type gobType struct {
	id     gobID
	kind   gobKind
	len    int        // of an array
	key    gobID      // of a map
	elem   gobID      // of an array, slice or map
	fields []gobField // of a struct
}

type gobField struct {
	name []byte
	id   gobID
}

// gobTypes are the types that a stream has defined so far. A few, as in most sessions, cost no allocation.
type gobTypes struct {
	few  [6]gobType
	n    int
	more map[gobID]gobType
}

// find returns the type with the id, or one of gobNoKind.
func (t *gobTypes) find(id gobID) gobType {
	for i := range t.few[:t.n] {
		if t.few[i].id == id {
			return t.few[i]
		}
	}
	return t.more[id]
}

func (t *gobTypes) add(d gobType) {
	switch {
	case t.n < len(t.few):
		t.few[t.n] = d
		t.n++
	case t.more == nil:
		t.more = map[gobID]gobType{d.id: d}
	default:
		t.more[d.id] = d
	}
}

// hasMap reports whether the type is a map by strings.
func (t *gobTypes) hasMap(id, elem gobID) bool {
	d := t.find(id)
	return d.kind == gobMap && d.key == gobString && d.elem == elem
}

// isSession reports whether the type is the struct that SCS encodes. gob accepts more, since it matches fields by name,
// but it too refuses fields of a wrong type, even if they are left out.
func (t *gobTypes) isSession(d gobType) bool {
	return d.kind == gobStruct && len(d.fields) == 2 &&
		string(d.fields[0].name) == "Deadline" && t.find(d.fields[0].id).kind == gobEncoder &&
		string(d.fields[1].name) == "Values" && t.hasMap(d.fields[1].id, gobInterface)
}
