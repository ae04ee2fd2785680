package plugintest

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// decode decodes JSON, with numbers as they are written.
func decode(data []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = d.Decode(&tree)
	return tree, err
}

// sameJSON reports whether two texts are JSON of the same value.
func sameJSON(one, other []byte) bool {
	a, err := decode(one)
	if err != nil {
		return false
	}
	b, err := decode(other)
	return err == nil && same(a, b)
}

// same compares what decode returns: 1 is 1.0, and whole numbers are exact.
func same(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a.String(), b.String())
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key := range a {
			if value, ok := b[key]; !ok || !same(a[key], value) {
				return false
			}
		}
		return true
	}
	return a == b // a text, true, false or null
}

func sameNumber(a, b string) bool {
	if isWhole(a) && isWhole(b) {
		return a == b
	}
	one, err := strconv.ParseFloat(a, 64)
	if err != nil {
		return false
	}
	other, err := strconv.ParseFloat(b, 64)
	return err == nil && one == other
}

// isWhole reports whether a number of JSON is written as a whole one, in the only way
// that there is; -0 is not.
func isWhole(number string) bool {
	return number != "-0" && bytes.IndexFunc([]byte(number), func(r rune) bool { return r != '-' && (r < '0' || r > '9') }) < 0
}
