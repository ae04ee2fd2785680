package wire

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

const (
	// maxFrames is how many frames one POST may hold. A client sends everything
	// that it has emitted during the previous POST, so an honest body may hold
	// thousands. A megabyte of the shortest pings would hold 300,000.
	maxFrames = 1 << 15

	separator = 0x1e // between the packets of a version 4 body
)

const (
	errLength  = malformed("lengths of the payload do not add up")
	errTooMany = malformed("too many frames in one payload")
	errBase64  = malformed("invalid base64")
	errOctets  = malformed("binary payload from a version 4 client")
)

// A frame is one Engine.IO packet, without the framing of websocket or polling. Text
// data begin with the digit of the packet's type: '0' open, '1' close, '2' ping, '3'
// pong, '4' message, '5' upgrade, '6' noop. Binary data are a message without a
// type.
type frame struct {
	binary bool
	data   []byte
	owned  *buffer // holds the data of a binary frame, and nothing else does; may be nil
}

// appendPayload appends f to an HTTP response body of protocol version 3 or 4.
// For version 3 it escapes every non-ASCII rune of a text frame as \uXXXX: 1.x
// clients expect UTF-8 encoded twice, 2.x clients once, and ASCII is the same for
// both. The escape is always valid, since only JSON strings can hold such runes.
// Invalid UTF-8 becomes \ufffd.
func appendPayload(body []byte, version int, f frame) []byte {
	if version == 4 {
		return appendPacket4(body, f)
	}
	return appendPacket3(body, f)
}

// appendPacket4 separates the packets by 0x1e. JSON text cannot contain that.
func appendPacket4(body []byte, f frame) []byte {
	if len(body) > 0 {
		body = append(body, separator)
	}
	if f.binary {
		return base64.StdEncoding.AppendEncode(append(body, 'b'), f.data)
	}
	return append(body, f.data...)
}

// appendPacket3 puts the length in UTF-16 units before the packet. Each is a byte,
// since everything is ASCII.
func appendPacket3(body []byte, f frame) []byte {
	if f.binary {
		body = strconv.AppendInt(body, int64(len("b4")+base64.StdEncoding.EncodedLen(len(f.data))), 10)
		return base64.StdEncoding.AppendEncode(append(body, ":b4"...), f.data)
	}
	body = strconv.AppendInt(body, int64(escapedLen(f.data)), 10)
	return appendEscaped(append(body, ':'), f.data)
}

// A payloadDecoder decodes the bodies of the POSTs of one connection.
type payloadDecoder struct {
	version int
	max     int // bytes of one frame
	legacy  text1x
}

// decode calls each for every frame of body, in order, and returns the first error
// of each or of the body. Frames may alias body. octets says that the Content-Type is
// application/octet-stream, which only version 3 clients in browsers send.
func (d *payloadDecoder) decode(body []byte, octets bool, each func(frame) error) error {
	for n := 0; ; n++ {
		if n == maxFrames {
			return errTooMany
		}
		f, rest, err := d.next(body, octets)
		if err != nil {
			return err
		}
		if err := d.check(f); err != nil {
			return err
		}
		if err := each(f); err != nil {
			return err
		}
		if len(rest) == 0 {
			return nil
		}
		body = rest
	}
}

// next reads the first frame of body.
func (d *payloadDecoder) next(body []byte, octets bool) (f frame, rest []byte, err error) {
	switch {
	case len(body) == 0:
		return frame{}, nil, errEmptyFrame
	case octets && d.version == 4:
		return frame{}, nil, errOctets
	case octets:
		return octetFrame(body)
	case d.version == 4:
		return d.separatedFrame(body)
	default:
		return d.countedFrame(body)
	}
}

// check checks the size and type of a frame.
func (d *payloadDecoder) check(f frame) error {
	switch {
	case len(f.data) > d.max:
		return errTooLong
	case f.binary:
		return nil
	case f.data[0] < '0' || f.data[0] > '6':
		return errFrameType
	}
	return nil
}

// octetFrame reads <0 text | 1 binary><length, one byte of 0 to 9 for each
// digit><255><packet>. The length is in bytes. Text is plain UTF-8, also from 1.x
// clients. The first byte of a binary packet is its type.
func octetFrame(body []byte) (frame, []byte, error) {
	n, i := 0, 1
	for ; i < len(body) && body[i] != 255; i++ {
		if body[i] > 9 || i > 9 {
			return frame{}, nil, errLength
		}
		n = n*10 + int(body[i])
	}
	if i == 1 || i == len(body) || n > len(body)-i-1 {
		return frame{}, nil, errLength
	}
	packet, rest := body[i+1:i+1+n:i+1+n], body[i+1+n:]
	switch {
	case n == 0:
		return frame{}, nil, errEmptyFrame
	case body[0] == 1 && packet[0] == 4:
		return frame{binary: true, data: packet[1:]}, rest, nil
	case body[0] != 0:
		return frame{}, nil, errFrameType
	case !utf8.Valid(packet):
		return frame{}, nil, errUTF8
	}
	return frame{data: packet}, rest, nil
}

// separatedFrame reads a packet of version 4 up to the separator.
func (d *payloadDecoder) separatedFrame(body []byte) (frame, []byte, error) {
	packet, rest, more := bytes.Cut(body, []byte{separator})
	switch {
	case len(packet) == 0 || more && len(rest) == 0:
		return frame{}, nil, errEmptyFrame
	case packet[0] == 'b':
		f, err := d.base64Frame(packet[1:])
		return f, rest, err
	case !utf8.Valid(packet):
		return frame{}, nil, errUTF8
	}
	return frame{data: packet[:len(packet):len(packet)]}, rest, nil
}

// countedFrame reads <length in UTF-16 units>:<packet>.
func (d *payloadDecoder) countedFrame(body []byte) (frame, []byte, error) {
	units, size, ok := leadingUint(body)
	if !ok || size == len(body) || body[size] != ':' || units > uint64(len(body)) {
		return frame{}, nil, errLength
	}
	body = body[size+1:]
	end, err := unitsEnd(body, int(units)) //nolint:gosec // compared with the length of the body above
	if err != nil {
		return frame{}, nil, err
	}
	packet, rest := body[:end:end], body[end:]
	switch {
	case end == 0:
		return frame{}, nil, errEmptyFrame
	case packet[0] != 'b':
		return frame{data: d.legacy.decode(packet)}, rest, nil
	case end == 1 || packet[1] != '4':
		return frame{}, nil, errFrameType
	}
	f, err := d.base64Frame(packet[2:])
	return f, rest, err
}

// base64Frame decodes a binary frame into new memory, unless it is too long.
func (d *payloadDecoder) base64Frame(text []byte) (frame, error) {
	if base64.StdEncoding.DecodedLen(len(text)) > d.max+2 { // padding is at most 2
		return frame{}, errTooLong
	}
	b := &buffer{bytes: append(make([]byte, 0, 1+base64.StdEncoding.DecodedLen(len(text))), binaryType)}
	var err error
	if b.bytes, err = base64.StdEncoding.AppendDecode(b.bytes, text); err != nil {
		return frame{}, errBase64
	}
	return frame{binary: true, data: b.binary(), owned: b}, nil
}

// unitsEnd returns the index after the first n UTF-16 units of text. It fails if
// text is shorter or invalid UTF-8, or if they end inside a rune.
func unitsEnd(text []byte, n int) (int, error) {
	i := 0
	for ; n > 0 && i < len(text); n-- {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return 0, errUTF8
		}
		if r > 0xffff {
			n-- // a pair of surrogates
		}
		i += size
	}
	if n != 0 {
		return 0, errLength
	}
	return i, nil
}
