package gobcodec

import (
	"errors"
	"io"
)

// maxDepth bounds how deep values are nested. gob has the same bound for values that it skips, and none for others: a
// stream of a few dozen megabytes overflows the stack of its decoder, which ends the process.
const maxDepth = 10000

var errMalformed = errors.New("store: malformed session")

// checkGob checks the stream of a session before gob decodes it. gob trusts the count of a map's entries and the length
// of a message: twenty bytes can make it allocate gigabytes. In a stream that passes, as many values follow as each
// count says, so gob allocates in proportion to the stream.
//
// checkGob takes the same steps as gob. In one place it cannot know them: the stream of a registered struct may have
// fields that the local type lacks. gob skips an interface in such a field by its byte count; checkGob reads it.
func checkGob(b []byte) error {
	if len(b) == 0 {
		return io.EOF // as gob says
	}
	c := gobChecker{gobReader: gobReader{in: b}}
	c.session(c.typeSequence(false))
	if c.failed {
		return errMalformed
	}
	return nil
}

type gobChecker struct {
	gobReader
	depth    int
	skipping bool // in a field that gob skips
}

// session checks the struct that SCS encodes. gob accepts any struct: it matches fields by name, and skips others.
func (c *gobChecker) session(id gobID) {
	t := c.lookup(id)
	if t.kind != gobStruct {
		c.fail()
	}
	for f := c.nextField(-1, len(t.fields)); f >= 0; f = c.nextField(f, len(t.fields)) {
		name := string(t.fields[f].name)
		c.skipping = name != "Deadline" && name != "Values"
		c.value(t.fields[f].id)
	}
}

// lookup finds the definition of a type. A stream may also use the two fixed types that gob's own definitions consist
// of.
func (c *gobChecker) lookup(id gobID) gobType {
	if id == gobCommonType || id == gobFieldType {
		return gobType{kind: gobStruct, fields: []gobField{{[]byte("Name"), gobString}, {[]byte("Id"), gobInt}}}
	}
	return c.types.find(id)
}

func (c *gobChecker) value(id gobID) {
	switch id {
	case gobBool, gobInt, gobUint, gobFloat:
		c.uint()
	case gobComplex:
		c.uint()
		c.uint()
	case gobBytes, gobString:
		c.bytes()
	default:
		c.depth++
		switch {
		case c.depth > maxDepth:
			c.fail()
		case id == gobInterface:
			c.inInterface()
		default:
			c.composite(c.lookup(id))
		}
		c.depth--
	}
}

func (c *gobChecker) composite(t gobType) {
	switch t.kind {
	case gobArray:
		if n := c.count(); n != t.len {
			c.fail()
		} else {
			c.repeat(n, t.elem)
		}
	case gobSlice:
		c.repeat(c.count(), t.elem)
	case gobMap:
		c.repeat(c.count(), t.key, t.elem)
	case gobStruct:
		for f := c.nextField(-1, len(t.fields)); f >= 0; f = c.nextField(f, len(t.fields)) {
			c.value(t.fields[f].id)
		}
	case gobEncoder, gobBinaryMarshaler, gobTextMarshaler:
		c.bytes()
	default:
		c.fail()
	}
}

// count reads a number of elements. Each takes at least a byte.
func (c *gobChecker) count() int {
	n := int(c.uint())
	if n > c.left() {
		c.fail()
	}
	return n
}

func (c *gobChecker) repeat(n int, ids ...gobID) {
	for ; n > 0 && !c.failed; n-- {
		for _, id := range ids {
			c.value(id)
		}
	}
}

func (c *gobChecker) inInterface() {
	name := c.bytes()
	if len(name) == 0 && !c.skipping { // where gob skips, it does not expect nil
		return
	}
	id := c.typeSequence(true)
	if c.skipping {
		c.bytes()
		return
	}
	c.uint() // the byte count, which gob does not look at when it reads the value
	if c.lookup(id).kind != gobStruct && c.uint() != 0 {
		c.fail()
	}
	c.value(id)
}
