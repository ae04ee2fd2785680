package gobcodec

import (
	"errors"
	"io"
)

// maxDepth is how deep values may lie in values; it is where gob stops too when it skips them. Without a limit, a
// stream of some dozens of megabytes overflows the stack of gob's decoder, which ends the process.
const maxDepth = 10000

var errMalformed = errors.New("store: malformed session")

// checkGob walks through the stream of a session before gob gets to see it. gob believes the count of a map's entries
// and the length of a message: twenty bytes make it allocate gigabytes. In a stream that passes, every count is backed
// by as many values, so that what gob allocates is in proportion to it.
//
// The walk takes the same steps as gob. There is one place where it cannot know them: a struct that the app has
// registered, of which the stream has fields that the local type lacks. gob skips an interface in these by its byte
// count; we take it to be read.
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

// session walks through the struct that SCS encodes. gob would take any whose fields fit by name, and skips others.
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

// lookup finds the definition of a type, if need be of one of the two fixed ones that gob's own definitions consist of
// and a stream may use as well.
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

// count reads a number of elements, none of which takes less than a byte.
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
