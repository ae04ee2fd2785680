package wire

import (
	"bytes"
	"strconv"
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
