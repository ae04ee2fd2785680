package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// escapedLen returns how many bytes appendEscaped appends.
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

// appendEscaped appends text, with JSON escapes for everything that is not ASCII.
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

// hex4 reads four hexadecimal digits at the start of text.
func hex4(text []byte) (r rune, ok bool) {
	if len(text) < 4 {
		return 0, false
	}
	for _, c := range text[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
