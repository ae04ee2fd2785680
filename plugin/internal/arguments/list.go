package arguments

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
)

// A List is the arguments that a handler takes.
type List struct {
	types []reflect.Type
	mixed []bool // which of them may have attachments
}

// NewList returns a List of arguments of these types. The error names one that JSON cannot
// fill.
func NewList(types []reflect.Type) (*List, error) {
	l := &List{types: types}
	for _, t := range types {
		if what := unfillable(t, 0); what != "" {
			return nil, fmt.Errorf("takes %s, which no client can send", what)
		}
		l.mixed = append(l.mixed, holdsBuffer(t, make(map[reflect.Type]bool)))
	}
	return l, nil
}

// Inputs returns the types that go-socket.io is to decode: [*Text] or [*Mixed], one for each
// argument, and one more, which shows whether there were further ones.
func (l *List) Inputs() []reflect.Type {
	inputs := make([]reflect.Type, 0, len(l.types)+1)
	for _, mixed := range l.mixed {
		if mixed {
			inputs = append(inputs, reflect.TypeFor[*Mixed]())
		} else {
			inputs = append(inputs, reflect.TypeFor[*Text]())
		}
	}
	return append(inputs, reflect.TypeFor[*Text]())
}

// Append appends the arguments to values: as they came, of which in may have one more than
// the List. Arguments that did not come are zero values, and further ones are ignored, but
// if strict: then both are an error. Null counts as one that did not come, and one whose type
// has nil may stay away. The error is an [*Error].
func (l *List) Append(values []reflect.Value, in []Argument, strict bool) ([]reflect.Value, error) {
	var none Argument
	for i, t := range l.types {
		came := &none
		if i < len(in) {
			came = &in[i]
		}
		if came.JSON == "" && strict && !hasNil(t) {
			return nil, &Error{Position: i + 1, Want: wanted(t), missing: true}
		}
		value, err := valueOf(came, t, l.mixed[i])
		if err != nil {
			return nil, misfit(i+1, t, err)
		}
		values = append(values, value)
	}
	if n := len(l.types); strict && n < len(in) && in[n].JSON != "" {
		return nil, &Error{Position: n + 1, further: true}
	}
	return values, nil
}

// valueOf decodes an argument. mixed says that it may have attachments.
func valueOf(came *Argument, t reflect.Type, mixed bool) (reflect.Value, error) {
	if inner, ok := plainString(came.JSON); ok && t == stringType {
		came.JSON = inner
		return reflect.ValueOf(&came.JSON).Elem(), nil // there is room for it already
	}
	target := t
	if t.Kind() == reflect.Pointer {
		target = t.Elem() // a handler's pointer is never nil, as in go-socket.io
	}
	value := reflect.New(target)
	if err := decode(came.JSON, value); err != nil {
		return value, err
	}
	if mixed && came.from != nil {
		(&attacher{from: came.from}).attach(value.Elem())
	}
	if target == t {
		value = value.Elem()
	}
	return value, nil
}

// Len returns how many there are.
func (l *List) Len() int { return len(l.types) }

func hasNil(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return true
	}
	return false
}

var (
	stringType = reflect.TypeFor[string]()

	unmarshalerType     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decodesItself reports whether a type has a form of its own in JSON.
func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || p.Implements(textUnmarshalerType)
}

// maxDepth is how deep unfillable looks.
const maxDepth = 8

// unfillable returns what in a type JSON cannot fill, "" if there is nothing.
func unfillable(t reflect.Type, depth int) string {
	if depth > maxDepth || decodesItself(t) {
		return ""
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return "a " + t.String()
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return "a " + t.String()
		}
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return unfillable(t.Elem(), depth+1)
	case reflect.Map:
		if !isKey(t.Key()) {
			return "a " + t.String()
		}
		return unfillable(t.Elem(), depth+1)
	}
	return ""
}

// isKey reports whether encoding/json fills maps with keys of a type.
func isKey(t reflect.Type) bool {
	switch kind := t.Kind(); {
	case kind == reflect.String, reflect.Int <= kind && kind <= reflect.Uintptr:
		return true
	}
	return reflect.PointerTo(t).Implements(textUnmarshalerType)
}
