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

// rootName is the namespace of packets that name none. Nobody writes to it.
var rootName = []byte("/")

// A packet is one Socket.IO packet:
// <kind>[<attachments>-][<namespace>,][<id>][json]. Protocols 4 and 5 share the
// form.
type packet struct {
	kind        byte
	attachments int
	namespace   []byte // "/" for the root; without the query
	query       []byte // what follows ? in the namespace, nil for none
	id          uint64 // of the acknowledgement that is asked for, or given
	hasID       bool
	data        []byte // the JSON, nil for none: an array for events and acknowledgements
	name        []byte // of an event: the JSON string at the head of data, quotes included
}

// appendTo appends the packet in a form that go-socket.io's decoder reads
// right: no space before the data, no query, the root without its name, and no
// , or ] in the name of an event, since it takes the first of them for the end
// of the name.
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

// appendRenamed appends the data with another spelling of the event's name.
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
	head := bytes.IndexByte(p.data, '"') // nothing but [ and space stands before it
	return append(b, p.data[head+len(p.name):]...)
}

// A header is what stands before the data of a packet. Those of go-socket.io need
// no guard.
type header struct {
	kind        byte
	attachments int
	namespace   []byte
	id          uint64
	hasID       bool
	empty       bool // there is no data
}

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

// prefix returns the head of a packet, before its id and data.
func prefix(kind byte, namespace string) string {
	if namespace == "/" {
		return string(kind)
	}
	return string(kind) + namespace + ","
}

// leadingUint reads the digits at the head of text. It fails if there are none,
// or if they are too many for a uint64.
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
