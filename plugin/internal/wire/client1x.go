package wire

import "unicode/utf8"

// text1x decodes the text in POSTs of 1.x clients, which encode it as UTF-8 twice.
// Nothing else distinguishes 1.x from 2.x. Text that decodes twice counts as 1.x;
// the first text that does not makes the client a 2.x one for good. This is wrong
// only for a 2.x client whose text until then all looked like "Ã©".
type text1x struct {
	modern bool // the client is not 1.x
}

// decode returns UTF-8 text as the client's app wrote it.
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

// asBytes returns the runes of text as bytes. It fails if one is above 0xff.
func asBytes(text []byte) ([]byte, bool) {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r)) //nolint:gosec // checked above
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
