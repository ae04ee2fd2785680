package wire

import (
	"bytes"
	"math"
	"strconv"
	"strings"
)

// The kinds of Socket.IO packets.
const (
	kindConnect     = '0'
	kindDisconnect  = '1'
	kindEvent       = '2'
	kindAck         = '3'
	kindError       = '4'
	kindBinaryEvent = '5'
	kindBinaryAck   = '6'
)

// rootName is the namespace of packets without one. It must not be changed.
var rootName = []byte("/")

// A packet is one Socket.IO packet of protocol 4 or 5:
// <kind>[<attachments>-][<namespace>,][<id>][json].
type packet struct {
	kind        byte
	attachments int
	namespace   []byte // without the query; "/" for the root
	query       []byte // of the namespace, nil for none
	id          uint64 // of the acknowledgement
	hasID       bool
	data        []byte // JSON, nil for none: an array in events and acknowledgements
	name        []byte // of an event: the JSON string at the start of data, with quotes
}

// appendTo appends the packet in a form that go-socket.io's decoder reads correctly:
// without a space before the data, a query, or the root's name. It escapes , and ]
// in an event's name, where the decoder would end the name.
func (p *packet) appendTo(b []byte) []byte {
	b = append(b, p.kind)
	if p.kind == kindBinaryEvent || p.kind == kindBinaryAck {
		b = strconv.AppendInt(b, int64(p.attachments), 10)
		b = append(b, '-')
	}
	if len(p.namespace) > 1 {
		b = append(b, p.namespace...)
		b = append(b, ',')
	}
	if p.hasID {
		b = strconv.AppendUint(b, p.id, 10)
	}
	if !bytes.ContainsAny(p.name, ",]") {
		return append(b, p.data...)
	}
	return p.appendRenamed(b)
}

// appendRenamed appends the data, with the event's name escaped.
func (p *packet) appendRenamed(b []byte) []byte {
	b = append(b, '[')
	for _, c := range p.name {
		switch c {
		case ',', ']':
			b = appendEscape(b, rune(c))
		default:
			b = append(b, c)
		}
	}
	return append(b, p.args()...)
}

// args returns what follows the name in the data of an event.
func (p *packet) args() []byte {
	head := bytes.IndexByte(p.data, '"') // only [ and space come before the name
	return p.data[head+len(p.name):]
}

// A header is the part of a packet before the data. Only go-socket.io's packets are
// read as headers, which need no guard.
type header struct {
	kind        byte
	attachments int
	namespace   []byte
	id          uint64
	hasID       bool
	empty       bool // the packet has no data
}

// answers reports whether the packet is an acknowledgement.
func (h header) answers() bool { return h.kind == kindAck || h.kind == kindBinaryAck }

func readHeader(text []byte) header {
	h := header{namespace: rootName}
	if len(text) == 0 {
		return h
	}
	h.kind, text = text[0], text[1:]
	if h.kind == kindBinaryEvent || h.kind == kindBinaryAck {
		n, size, _ := leadingUint(text)
		h.attachments, text = int(n), text[size:] //nolint:gosec // counted by go-socket.io
		text = bytes.TrimPrefix(text, []byte{'-'})
	}
	if len(text) > 0 && text[0] == '/' {
		h.namespace, text, _ = bytes.Cut(text, []byte{','})
	}
	id, size, ok := leadingUint(text)
	h.id, h.hasID, h.empty = id, ok, size == len(text)
	return h
}

// bare returns a packet without data.
func bare(kind byte, namespace string) string {
	return strings.TrimSuffix(prefix(kind, namespace), ",")
}

// prefix returns the start of a packet, up to its id.
func prefix(kind byte, namespace string) string {
	if namespace == "/" {
		return string(kind)
	}
	return string(kind) + namespace + ","
}

// leadingUint reads the number at the start of text. It fails if there is none, or
// one too large for a uint64.
func leadingUint(text []byte) (n uint64, size int, ok bool) {
	for size < len(text) && text[size] >= '0' && text[size] <= '9' {
		if n > (math.MaxUint64-9)/10 {
			return 0, size, false
		}
		n = n*10 + uint64(text[size]-'0')
		size++
	}
	return n, size, size > 0
}
