package wire

// marksPlaceholder tells whether encoding/json takes key, a valid JSON string,
// for _placeholder: it undoes escapes and ignores case. Of the letters beyond
// ASCII it takes only U+212A for k and U+017F for s, and the name has neither.
func marksPlaceholder(key []byte) bool {
	rest := key[1 : len(key)-1]
	for _, want := range []byte("_placeholder") {
		c, size := firstRune(rest)
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != rune(want) {
			return false
		}
		rest = rest[size:]
	}
	return len(rest) == 0
}

// firstRune reads an ASCII character or \u escape at the head of what stands in
// a JSON string, and 0 for all else.
func firstRune(text []byte) (r rune, size int) {
	switch {
	case len(text) == 0:
		return 0, 0
	case text[0] != '\\':
		return rune(text[0]), 1
	case text[1] != 'u':
		return 0, 2
	}
	r, _ = hex4(text[2:])
	return r, len(`\uXXXX`)
}
