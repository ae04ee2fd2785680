package plugintest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// The kinds of Socket.IO's packets.
const (
	connect     = '0'
	disconnect  = '1'
	event       = '2'
	ack         = '3'
	refuse      = '4'
	binaryEvent = '5'
	binaryAck   = '6'
)

// A packet is one of Socket.IO with its attachments.
type packet struct {
	kind      byte
	namespace string
	id        string // of an acknowledgement
	data      string // JSON, or ""
	bytes     [][]byte
}

// parse takes a packet apart: 4, kind, number of attachments and a dash, namespace and a
// comma, id, data. It returns how many attachments follow. What is no packet of
// Socket.IO is not ok.
func parse(text string) (p packet, attachments int, ok bool) {
	rest, ok := strings.CutPrefix(text, "4")
	if !ok || rest == "" {
		return p, 0, false
	}
	p.kind, rest = rest[0], rest[1:]
	if p.kind == binaryEvent || p.kind == binaryAck {
		count, after, _ := strings.Cut(rest, "-")
		attachments, _ = strconv.Atoi(count) // or the data does not parse
		rest = after
	}
	p.namespace = "/"
	if strings.HasPrefix(rest, "/") {
		p.namespace, rest, _ = strings.Cut(rest, ",")
		p.namespace, _, _ = strings.Cut(p.namespace, "?")
	}
	p.data = strings.TrimLeft(rest, "0123456789")
	if p.kind == refuse || p.kind == connect {
		p.data = rest // there is no id, and a text may be a number
	}
	p.id = strings.TrimSuffix(rest, p.data)
	return p, attachments, true
}

// encode returns the packets of an event. id is "" if it asks for no acknowledgement.
func encode(namespace, id string, values []any) ([]rawclient.Packet, error) {
	data, attachments, err := marshal(values)
	if err != nil {
		return nil, err
	}
	head := "42"
	if len(attachments) > 0 {
		head = fmt.Sprintf("45%d-", len(attachments))
	}
	packets := rawclient.Text(head + rawclient.Prefix(namespace) + id + string(data))
	for _, b := range attachments {
		packets = append(packets, rawclient.Packet{Binary: true, Data: b})
	}
	return packets, nil
}

// A placeholder stands for an attachment in JSON.
type placeholder struct {
	Placeholder bool `json:"_placeholder"`
	Num         int  `json:"num"`
}

// marshal returns values as a JSON array, with each that is a []byte as an attachment.
func marshal(values []any) (data []byte, attachments [][]byte, err error) {
	array := make([]any, len(values))
	for i, value := range values {
		array[i] = value
		if b, ok := value.([]byte); ok {
			array[i] = placeholder{true, len(attachments)}
			attachments = append(attachments, b)
		}
	}
	data, err = json.Marshal(array)
	return data, attachments, err
}
