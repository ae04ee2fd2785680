package rawclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Packet is one of Engine.IO: text with its type in front, or the bytes of an
// attachment.
type Packet struct {
	Binary bool
	Data   []byte
}

// Text makes packets of text.
func Text(lines ...string) (packets []Packet) {
	for _, line := range lines {
		packets = append(packets, Packet{Data: []byte(line)})
	}
	return packets
}

// String returns the text of p; of an attachment, its bytes after "b:".
func (p Packet) String() string {
	if p.Binary {
		return "b:" + string(p.Data)
	}
	return string(p.Data)
}

// AppendPayload appends packets to the body of a POST. In version 3 it escapes
// what is not ASCII as \uXXXX, which is legal wherever JSON has such text and
// the same for all servers.
func AppendPayload(body []byte, version int, packets ...Packet) []byte {
	for _, p := range packets {
		if version == 4 {
			body = appendSeparated(body, p)
		} else {
			body = appendCounted(body, p)
		}
	}
	return body
}

func appendSeparated(body []byte, p Packet) []byte {
	if len(body) > 0 {
		body = append(body, separator)
	}
	if p.Binary {
		return base64.StdEncoding.AppendEncode(append(body, 'b'), p.Data)
	}
	return append(body, p.Data...)
}

func appendCounted(body []byte, p Packet) []byte {
	var text []byte
	if p.Binary {
		text = base64.StdEncoding.AppendEncode([]byte("b4"), p.Data)
	} else {
		text = escape(p.Data)
	}
	body = append(strconv.AppendInt(body, int64(len(text)), 10), ':')
	return append(body, text...)
}

// separator stands between the packets of a payload of version 4.
const separator = 0x1e

func escape(text []byte) []byte {
	ascii := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			ascii = utf8.AppendRune(ascii, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			ascii = fmt.Appendf(ascii, `\u%04x`, unit)
		}
	}
	return ascii
}

var errPayload = errors.New("broken payload")

// ParsePayload takes the body of an answer apart: in version 3 one of ASCII, as
// our servers write it.
func ParsePayload(body string, version int) (packets []Packet, err error) {
	for body != "" {
		var text string
		if version == 4 {
			text, body, _ = strings.Cut(body, string(rune(separator)))
		} else if text, body, err = cutCounted(body); err != nil {
			return packets, err
		}
		p, err := parsePacket(text, version)
		if err != nil {
			return packets, err
		}
		packets = append(packets, p)
	}
	if len(packets) == 0 {
		return nil, errPayload
	}
	return packets, nil
}

func cutCounted(body string) (text, rest string, err error) {
	size, rest, _ := strings.Cut(body, ":")
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 || n > len(rest) {
		return "", "", fmt.Errorf("%w: %.100q", errPayload, body)
	}
	return rest[:n], rest[n:], nil
}

func parsePacket(text string, version int) (Packet, error) {
	if text == "" {
		return Packet{}, fmt.Errorf("%w: an empty packet", errPayload)
	}
	encoded, binary := strings.CutPrefix(text, map[int]string{3: "b4", 4: "b"}[version])
	if !binary {
		return Packet{Data: []byte(text)}, nil
	}
	data, err := base64.StdEncoding.AppendDecode(nil, []byte(encoded))
	if err != nil {
		return Packet{}, fmt.Errorf("%w: %w", errPayload, err)
	}
	return Packet{Binary: true, Data: data}, nil
}
