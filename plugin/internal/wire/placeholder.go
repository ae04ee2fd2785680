package wire

// marksPlaceholder reports whether encoding/json takes key, a valid JSON string, for
// "_placeholder". encoding/json decodes escapes and ignores case. It also folds
// U+212A to k and U+017F to s, but the name contains neither.
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

// firstRune reads the first ASCII character or \u escape of a JSON string's contents.
// It returns 0 for everything else.
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
