package arguments

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// An Error says which argument of a client does not fit, and what is wanted. It names
// neither the value nor a type of Go, so a client may see it.
type Error struct {
	Position int    // of the argument, from 1
	Field    string // within the argument, as in "user.age"; "" for all of it
	Want     string // what is wanted there, "" where that is not known

	missing, further bool
	within           bool // it is something in the argument, and Field cannot say what
}

// Error implements error.
func (e *Error) Error() string {
	where := fmt.Sprintf("Argument %d", e.Position)
	if e.within {
		where = fmt.Sprintf("Something in argument %d", e.Position)
	}
	if e.Field != "" {
		where += fmt.Sprintf(" (%s)", e.Field)
	}
	switch {
	case e.further:
		return where + " is one too many."
	case e.missing && e.Want == "":
		return where + " is missing."
	case e.missing:
		return fmt.Sprintf("%s is missing: %s.", where, e.Want)
	case e.Want == "":
		return where + " has a wrong form."
	}
	return fmt.Sprintf("%s is not %s.", where, e.Want)
}

// misfit returns the Error of an argument that does not decode.
func misfit(position int, t reflect.Type, err error) *Error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	e := &Error{Position: position}
	var wrong *json.UnmarshalTypeError
	switch kind := t.Kind(); {
	case errors.As(err, &wrong):
		e.Field, e.Want = visible(t, wrong.Field), wanted(wrong.Type)
		e.within = e.Field == "" && wrong.Type != t && e.Want != "binary data" && t.Kind() != reflect.Interface
	case t == bufferType || kind != reflect.Struct && kind != reflect.Map && (kind != reflect.Slice || isBytes(t)):
		e.Want = wanted(t)
	}
	return e
}

// visible returns a path of encoding/json's without the names of embedded types, which no
// client sends.
func visible(t reflect.Type, path string) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		embedded := false
		for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
			f := t.Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if cmp.Or(tag, f.Name) == name {
				t, embedded = f.Type, f.Anonymous && tag == ""
				break
			}
		}
		if !embedded {
			names = append(names, name)
		}
	}
	return strings.Join(names, ".")
}

func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// wanted says what JSON a type is filled with.
func wanted(t reflect.Type) string {
	if t == bufferType || t == bufferForm {
		return "binary data"
	}
	if t.Kind() != reflect.Pointer && decodesItself(t) {
		return ""
	}
	switch {
	case t == numberType:
		return "a number"
	case isBytes(t):
		return "a text in base64"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wanted(t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return "a whole number of the right size"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return ""
}
