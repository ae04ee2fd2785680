package wire

import "unicode/utf8"

const (
	errJSON        = malformed("data is no valid JSON")
	errDepth       = malformed("data nested too deep")
	errPlaceholder = malformed("placeholders and attachments do not add up")
)

// A scan checks one JSON value and collects its placeholders. It is as strict as
// encoding/json, and also refuses invalid UTF-8.
type scan struct {
	text        []byte
	at          int    // the index of the next byte
	depth       int    // how much deeper arrays and objects may nest
	attachments int    // the number of placeholders that there must be
	seen        uint64 // has a bit for each placeholder found
}

// members collects what distinguishes a placeholder from other objects.
type members struct {
	count  int
	marked bool   // encoding/json would take one member for "_placeholder"
	right  bool   // that member is spelled right, and true
	num    []byte // the value of "num", nil for none
}

// value reads the next value, and the space before it.
func (s *scan) value() error {
	s.space()
	switch c := s.peek(); {
	case c == '"':
		_, err := s.str()
		return err
	case c == '{':
		return s.object()
	case c == '[':
		return s.array()
	case c == '-' || isDigit(c):
		return s.number()
	}
	return s.word()
}

func (s *scan) array() error {
	if err := s.open(); err != nil {
		return err
	}
	if s.closed(']') {
		return nil
	}
	for {
		if err := s.value(); err != nil {
			return err
		}
		if s.closed(']') {
			return nil
		}
		if !s.take(',') {
			return errJSON
		}
	}
}

func (s *scan) object() error {
	if err := s.open(); err != nil {
		return err
	}
	if s.closed('}') {
		return nil
	}
	var m members
	for {
		if err := s.member(&m); err != nil {
			return err
		}
		if s.closed('}') {
			return s.place(&m)
		}
		if !s.take(',') {
			return errJSON
		}
	}
}

func (s *scan) member(m *members) error {
	s.space()
	key, err := s.str()
	if err != nil {
		return err
	}
	if !s.take(':') {
		return errJSON
	}
	s.space()
	from := s.at
	if err := s.value(); err != nil {
		return err
	}
	m.count++
	switch value := s.text[from:s.at]; {
	case string(key) == `"num"`:
		m.num = value
	case marksPlaceholder(key):
		m.marked = true
		m.right = string(key) == `"_placeholder"` && string(value) == "true"
	}
	return nil
}

// place checks an object that may be a placeholder. A placeholder must be exactly
// {"_placeholder":true,"num":n}, with each n once. Of several members whose names
// differ only in case, encoding/json would take the last.
func (s *scan) place(m *members) error {
	if !m.marked {
		return nil
	}
	n, size, ok := leadingUint(m.num)
	if !ok || size != len(m.num) || m.count != 2 || !m.right {
		return errPlaceholder
	}
	if n >= uint64(s.attachments) || s.seen&(1<<n) != 0 { //nolint:gosec // not negative
		return errPlaceholder
	}
	s.seen |= 1 << n
	return nil
}

// open enters an array or object.
func (s *scan) open() error {
	if s.depth == 0 {
		return errDepth
	}
	s.depth--
	s.at++
	return nil
}

// closed leaves an array or object if c comes next.
func (s *scan) closed(c byte) bool {
	if !s.take(c) {
		return false
	}
	s.depth++
	return true
}

// str reads a string, and returns it with its quotes and escapes.
func (s *scan) str() ([]byte, error) {
	from := s.at
	if !s.takeAt('"') {
		return nil, errJSON
	}
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[from:s.at], nil
		case c < ' ':
			return nil, errJSON
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		case c < utf8.RuneSelf:
			s.at++
		default:
			r, size := utf8.DecodeRune(s.text[s.at:])
			if r == utf8.RuneError && size == 1 {
				return nil, errUTF8
			}
			s.at += size
		}
	}
	return nil, errJSON
}

// escape reads an escape. Half a surrogate pair is valid, as in JavaScript.
func (s *scan) escape() error {
	s.at++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		if _, ok := hex4(s.text[s.at+1:]); ok {
			s.at += 5
			return nil
		}
	}
	return errJSON
}

func (s *scan) number() error {
	s.takeAt('-')
	if !s.takeAt('0') && !s.digits() {
		return errJSON
	}
	if s.takeAt('.') && !s.digits() {
		return errJSON
	}
	if s.takeAt('e') || s.takeAt('E') {
		if !s.takeAt('+') {
			s.takeAt('-')
		}
		if !s.digits() {
			return errJSON
		}
	}
	return nil
}

// digits reads digits. It fails without one.
func (s *scan) digits() bool {
	from := s.at
	for isDigit(s.peek()) {
		s.at++
	}
	return s.at > from
}

// word reads true, false or null.
func (s *scan) word() error {
	for _, word := range [...]string{"true", "false", "null"} {
		if end := s.at + len(word); end <= len(s.text) && string(s.text[s.at:end]) == word {
			s.at = end
			return nil
		}
	}
	return errJSON
}

func (s *scan) space() {
	for {
		switch s.peek() {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// take reads c, and the space before it.
func (s *scan) take(c byte) bool {
	s.space()
	return s.takeAt(c)
}

// takeAt reads c.
func (s *scan) takeAt(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// peek returns the next byte, and 0 at the end. JSON never has a 0 outside a string.
func (s *scan) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}
