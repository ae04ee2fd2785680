package gobcodec

// A gobReader reads the items of a gob stream exactly as encoding/gob does, oddities included: the two must agree on
// where each item ends. After a failure, every read finds the stream at its end.
type gobReader struct {
	in     []byte
	pos    int
	end    int // of the message that pos is in; gob never reads an item past it
	failed bool
	types  gobTypes
}

func (r *gobReader) fail() {
	r.failed = true
	r.pos, r.end = len(r.in), len(r.in)
}

// left returns how many bytes the stream still has. Each further item takes at least one.
func (r *gobReader) left() int { return len(r.in) - r.pos }

func (r *gobReader) uint() uint64 {
	if r.pos >= r.end {
		r.fail()
		return 0
	}
	c := r.in[r.pos]
	r.pos++
	if c <= 0x7f {
		return uint64(c)
	}
	n := -int(int8(c))
	if n > 8 || n > r.end-r.pos {
		r.fail()
		return 0
	}
	var x uint64
	for _, c := range r.in[r.pos : r.pos+n] {
		x = x<<8 | uint64(c)
	}
	r.pos += n
	return x
}

func (r *gobReader) int() int64 {
	x := r.uint()
	i := int64(x >> 1)
	if x&1 != 0 {
		i = ^i
	}
	return i
}

// bytes returns the bytes of a string or of a slice of bytes. They belong to the stream.
func (r *gobReader) bytes() []byte {
	n := int(r.uint())
	if n < 0 || n > r.end-r.pos {
		r.fail()
		return nil
	}
	r.pos += n
	return r.in[r.pos-n : r.pos]
}

// nextField returns the number of the struct's next field, or -1 at its end.
func (r *gobReader) nextField(last, count int) int {
	if r.pos >= r.end { // the struct ends with the message
		return -1
	}
	delta := int(r.uint())
	if delta == 0 {
		return -1
	}
	if delta < 0 || last >= count-delta {
		r.fail()
		return -1
	}
	return last + delta
}

// message begins the next message.
func (r *gobReader) message() {
	r.end = len(r.in)
	n := r.uint()
	if n > uint64(r.left()) {
		r.fail()
		return
	}
	r.end = r.pos + int(n)
}

// typeSequence reads the definitions that may precede a value and returns the id of the value's type.
func (r *gobReader) typeSequence(inInterface bool) gobID {
	for !r.failed {
		if r.pos >= r.end {
			r.message()
		}
		id := gobID(r.int()) // cut to 32 bits, as gob does
		if id >= 0 {
			return id
		}
		r.definition(-id)
		switch {
		case r.pos >= r.end:
			// The next message continues here.
		case inInterface:
			// Inside an interface the surrounding value continues, after a byte count.
			r.uint()
		default:
			r.fail()
		}
	}
	return 0
}

// definition reads a wireType, which defines the type id.
func (r *gobReader) definition(id gobID) {
	if id < gobFirstID || r.types.find(id).id == id {
		r.fail()
		return
	}
	const count = int(gobTextMarshaler)
	d := gobType{id: id}
	ambiguous := false
	for f := r.nextField(-1, count); f >= 0; f = r.nextField(f, count) {
		ambiguous = d.kind != gobNoKind
		d.kind = gobKind(f + 1)
		r.description(&d)
	}
	if ambiguous {
		d.kind = gobNoKind
	}
	if !r.failed {
		r.types.add(d)
	}
}

// description reads the struct for one kind of type: arrayType, sliceType, and so on.
func (r *gobReader) description(d *gobType) {
	count := 1 // CommonType
	switch d.kind {
	case gobArray, gobMap:
		count = 3
	case gobSlice, gobStruct:
		count = 2
	}
	for f := r.nextField(-1, count); f >= 0; f = r.nextField(f, count) {
		switch {
		case f == 0:
			r.field() // a CommonType also has a name and an id, which do not matter
		case f == 1 && d.kind == gobStruct:
			d.fields = r.fields()
		case f == 1 && d.kind == gobMap:
			d.key = r.id()
		case f == 2 && d.kind == gobArray:
			d.len = int(r.int())
		default:
			d.elem = r.id()
		}
	}
}

// fields reads the fields of a struct's definition.
func (r *gobReader) fields() []gobField {
	n := int(r.uint())
	if n < 0 || n > r.left() {
		r.fail()
		return nil
	}
	// This is room for a session's two. A stream that announces more must deliver them first.
	fields := make([]gobField, 0, min(n, 16))
	for range n {
		if r.pos >= r.end {
			r.fail()
			return nil
		}
		fields = append(fields, r.field())
	}
	return fields
}

func (r *gobReader) field() (d gobField) {
	for f := r.nextField(-1, 2); f >= 0; f = r.nextField(f, 2) {
		if f == 0 {
			d.name = r.bytes()
		} else {
			d.id = r.id()
		}
	}
	return d
}

// id reads a type id that is part of a definition. Only here must it fit 32 bits.
func (r *gobReader) id() gobID {
	i := r.int()
	if int64(gobID(i)) != i {
		r.fail()
	}
	return gobID(i)
}
