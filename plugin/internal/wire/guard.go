package wire

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
)

const (
	errKind        = malformed("unknown Socket.IO packet type")
	errAttachments = malformed("missing, wrong or too large number of attachments")
	errNamespace   = malformed("namespace too long, or with control characters or invalid UTF-8")
	errID          = malformed("wrong acknowledgement id")
	errNoArray     = malformed("data is no array")
	errNoObject    = malformed("connect data is no object")
	errAuth        = malformed("connect data is too long")
	errAuthNames   = malformed("connect data with several members of one name")
	errNoData      = malformed("disconnect with data")
	errName        = malformed("event without a proper name")
)

const (
	maxID     = 1 << 53  // the largest integer of JavaScript
	maxAuth   = 64 << 10 // bytes of connect data, which stay in memory with the client
	maxName   = 1024     // bytes of an event's name, which go-socket.io reads one by one
	jsonSpace = " \t\r\n"
)

// A guard checks the packets of clients before go-socket.io's decoder sees them.
// That decoder trusts every count and index, and panics. It decodes a checked packet
// without a panic, whatever types the handler takes, except for structs named Buffer
// other than parser.Buffer, on which it always panics.
type guard struct {
	maxAttachments int // of one packet, at most 64
	maxNamespace   int // bytes, with the query
	maxDepth       int // of nested arrays and objects
}

// parse reads the text of a message, without its Engine.IO type. The packet aliases
// text. parse allocates nothing.
func (g guard) parse(text []byte) (packet, error) {
	p := packet{namespace: rootName}
	rest, err := g.readKind(&p, text)
	if err != nil {
		return packet{}, err
	}
	if rest, err = g.readNamespace(&p, rest); err != nil {
		return packet{}, err
	}
	if rest, err = readID(&p, rest); err != nil {
		return packet{}, err
	}
	if data := bytes.Trim(rest, jsonSpace); len(data) > 0 {
		p.data = data
	}
	if err := g.readData(&p); err != nil {
		return packet{}, err
	}
	return p, nil
}

// readKind reads the type, and for binary types the number of attachments.
func (g guard) readKind(p *packet, text []byte) (rest []byte, err error) {
	if len(text) == 0 {
		return nil, errKind
	}
	p.kind = text[0]
	switch p.kind {
	case kindConnect, kindDisconnect, kindEvent, kindAck:
		return text[1:], nil
	case kindBinaryEvent, kindBinaryAck:
	default: // only servers send errors
		return nil, errKind
	}
	n, size, ok := leadingUint(text[1:])
	rest = text[1+size:]
	most := uint64(min(g.maxAttachments, 64)) //nolint:gosec // not negative
	if !ok || n == 0 || n > most || len(rest) == 0 || rest[0] != '-' {
		return nil, errAttachments
	}
	p.attachments = int(n) //nolint:gosec // at most 64
	return rest[1:], nil
}

// readNamespace reads the namespace and its query, up to a comma or the end.
func (g guard) readNamespace(p *packet, text []byte) (rest []byte, err error) {
	if len(text) == 0 || text[0] != '/' {
		return text, nil
	}
	name, rest, _ := bytes.Cut(text, []byte{','})
	if len(name) > g.maxNamespace || hasControl(name) || !utf8.Valid(name) {
		return nil, errNamespace
	}
	name, query, found := bytes.Cut(name, []byte{'?'})
	p.namespace = name
	if found {
		p.query = query
	}
	return rest, nil
}

// readID reads the number of the acknowledgement. Events may have one, and
// acknowledgements must.
func readID(p *packet, text []byte) (rest []byte, err error) {
	n, size, ok := leadingUint(text)
	if size == 0 && p.kind != kindAck && p.kind != kindBinaryAck {
		return text, nil
	}
	if !ok || n > maxID || p.kind == kindConnect || p.kind == kindDisconnect {
		return nil, errID
	}
	p.id, p.hasID = n, true
	return text[size:], nil
}

// readData checks the data, and reads the name of an event.
func (g guard) readData(p *packet) error {
	switch p.kind {
	case kindDisconnect:
		if p.data != nil {
			return errNoData
		}
		return nil
	case kindConnect:
		if p.data == nil {
			return nil
		}
		if p.data[0] != '{' {
			return errNoObject
		}
		if len(p.data) > maxAuth {
			return errAuth
		}
		return g.scan(p)
	}
	if len(p.data) == 0 || p.data[0] != '[' {
		return errNoArray
	}
	if err := g.scan(p); err != nil {
		return err
	}
	if p.kind == kindEvent || p.kind == kindBinaryEvent {
		return readName(p)
	}
	return nil
}

// scan checks that the data is one JSON value with a placeholder for each
// attachment.
func (g guard) scan(p *packet) error {
	s := scan{text: p.data, depth: g.maxDepth, attachments: p.attachments}
	if err := s.value(); err != nil {
		return err
	}
	if s.at != len(s.text) {
		return errJSON
	}
	if bits.OnesCount64(s.seen) != p.attachments {
		return errPlaceholder
	}
	return nil
}

// readName reads the name of an event. Names that begin with NUL are reserved for
// the transport.
func readName(p *packet) error {
	s := scan{text: p.data, at: 1}
	s.space()
	name, err := s.str()
	if err != nil || len(name) > maxName || bytes.HasPrefix(name, []byte(`"\u0000`)) {
		return errName
	}
	p.name = name
	return nil
}

func hasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}
