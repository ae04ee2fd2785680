package arguments

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// An Error says which argument of a client does not fit, and what is wanted. It names
// neither the value nor a type of Go, so a client may see it.
type Error struct {
	Position int    // of the argument, from 1
	Field    string // within the argument, as in "user.age"; "" for all of it
	Want     string // what is wanted there, "" where that is not known

	missing, further bool
}

// Error implements error.
func (e *Error) Error() string {
	where := fmt.Sprintf("Argument %d", e.Position)
	if e.Field != "" {
		where += fmt.Sprintf(" (%s)", e.Field)
	}
	switch {
	case e.further:
		return where + " is one too many."
	case e.missing:
		return fmt.Sprintf("%s is missing: %s.", where, e.Want)
	case e.Want == "":
		return where + " has a wrong form."
	}
	return fmt.Sprintf("%s is not %s.", where, e.Want)
}

// misfit returns the Error of an argument that does not decode.
func misfit(position int, t reflect.Type, err error) *Error {
	e := &Error{Position: position, Want: wanted(t)}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		e.Field, e.Want = wrong.Field, wanted(wrong.Type)
	}
	return e
}

// wanted says what JSON a type is filled with.
func wanted(t reflect.Type) string {
	if t == bufferType || t == bufferForm {
		return "binary data"
	}
	if t.Kind() != reflect.Pointer && decodesItself(t) {
		return ""
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
