package arguments

import (
	"bytes"
	"strings"
)

// Parse appends the arguments of an event to a list, as many as it has room for. rest is
// what follows the name in the event's array, which is valid JSON: `,1,"a"]`.
func Parse(list []Argument, rest string, binaries [][]byte) []Argument {
	var from attachments
	if len(binaries) > 0 {
		from = attached(binaries)
	}
	for len(list) < cap(list) {
		var text string
		if text, rest = next(rest); text == "" {
			break
		}
		if text == "null" {
			text = ""
		}
		list = append(list, Argument{text, from})
	}
	return list
}

// space is what JSON allows between values.
const space = " \t\r\n"

// next returns the value behind the next comma, "" if there is none.
func next(rest string) (value, further string) {
	_, rest, _ = strings.Cut(rest, ",") // only space comes before it
	depth := 0
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			i = endOfString(rest, i)
		case '[', '{':
			depth++
		case ',':
			if depth == 0 {
				return strings.Trim(rest[:i], space), rest[i:]
			}
		case ']', '}':
			if depth == 0 {
				return strings.Trim(rest[:i], space), ""
			}
			depth--
		}
	}
	return "", ""
}

// endOfString returns where the string ends that starts at i.
func endOfString(text string, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// attached are attachments whose bytes belong to the transport.
type attached [][]byte

// attachment implements attachments.
func (a attached) attachment(number uint64) []byte {
	if number >= uint64(len(a)) {
		return nil
	}
	return bytes.Clone(a[number])
}
