package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// legacyText undoes what clients of 1.x do to the text that they POST: they
// write its UTF-8 bytes as characters, which HTTP encodes once more. Nothing
// else tells them from 2.x. Text whose characters are all bytes that together
// are UTF-8 is taken for theirs, until the first that cannot be: from then on
// the connection is one of 2.x. This is wrong only for 2.x on polling whose
// text until then looked like "Ã©" throughout.
type legacyText struct {
	modern bool // no 1.x for sure
}

// decode returns text, which is UTF-8, as the app of the client wrote it.
func (l *legacyText) decode(text []byte) []byte {
	if l.modern || isASCII(text) {
		return text
	}
	once, ok := asBytes(text)
	if !ok || !utf8.Valid(once) {
		l.modern = true
		return text
	}
	return once
}

// asBytes returns the characters of text as bytes, if they fit.
func asBytes(text []byte) ([]byte, bool) {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r)) //nolint:gosec // it fits, see above
		i += size
	}
	return b, true
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// escapedLen is how many bytes appendEscaped appends.
func escapedLen(text []byte) int {
	n := 0
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			n++
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		n += len(`\uXXXX`)
		if r > 0xffff {
			n += len(`\uXXXX`)
		}
		i += size
	}
	return n
}

// appendEscaped appends text with JSON escapes in the place of all that is not
// ASCII.
func appendEscaped(b, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			b = append(b, text[i])
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r > 0xffff {
			high, low := utf16.EncodeRune(r)
			b = appendEscape(b, high)
			r = low
		}
		b = appendEscape(b, r)
		i += size
	}
	return b
}

func appendEscape(b []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12&0xf], hex[r>>8&0xf], hex[r>>4&0xf], hex[r&0xf])
}
