package arguments

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

var numberType = reflect.TypeFor[json.Number]()

// decode decodes JSON into what a pointer points to. The commonest types cost no more than
// their value.
func decode(text string, into reflect.Value) error {
	if text == "" {
		return nil
	}
	to := into.Elem()
	if !decodesItself(to.Type()) && decodePlain(text, to) {
		return nil
	}
	return json.Unmarshal([]byte(text), into.Interface())
}

// plainString returns what a JSON string without escapes holds.
func plainString(text string) (inner string, ok bool) {
	inner, begun := strings.CutPrefix(text, `"`)
	inner, ended := strings.CutSuffix(inner, `"`)
	return inner, begun && ended && !strings.Contains(inner, `\`) && utf8.ValidString(inner)
}

// decodePlain decodes a string without escapes, a number or a boolean. It returns false for
// all else, and for what does not fit.
func decodePlain(text string, to reflect.Value) bool {
	switch to.Kind() {
	case reflect.String:
		inner, ok := plainString(text)
		if !ok || to.Type() == numberType {
			return false
		}
		to.SetString(inner)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return false
		}
		to.SetBool(text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || to.OverflowInt(n) {
			return false
		}
		to.SetInt(n)
	default:
		return false
	}
	return true
}
