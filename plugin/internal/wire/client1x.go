package wire

import "unicode/utf8"

// text1x undoes what clients of 1.x do to the text that they POST: they
// write its UTF-8 bytes as characters, which HTTP encodes once more. Nothing
// else tells them from 2.x. Text whose characters are all bytes that together
// are UTF-8 is taken for theirs, until the first that cannot be: from then on
// the connection is one of 2.x. This is wrong only for 2.x on polling whose
// text until then looked like "Ã©" throughout.
type text1x struct {
	modern bool // no 1.x for sure
}

// decode returns text, which is UTF-8, as the app of the client wrote it.
func (l *text1x) decode(text []byte) []byte {
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
