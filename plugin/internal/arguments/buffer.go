package arguments

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"

	"github.com/googollee/go-socket.io/parser"
)

var (
	bufferType = reflect.TypeFor[parser.Buffer]()
	bufferForm = reflect.TypeFor[parser.BufferData]() // what a Buffer decodes
)

// holdsBuffer reports whether a value of a type can have attachments in it. above are the
// types that the type is part of.
func holdsBuffer(t reflect.Type, above []reflect.Type) bool {
	if slices.Contains(above, t) {
		return false
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsBuffer(t.Elem(), above)
	case reflect.Struct:
		if t == bufferType {
			return true
		}
		for i := range t.NumField() {
			if t.Field(i).IsExported() && holdsBuffer(t.Field(i).Type, above) {
				return true
			}
		}
	}
	return false
}

var placeholder = []byte(`{"_placeholder":true,"num":`)

// numberOf returns the number of the attachment that a decoded Buffer stands for. ok is
// false if it has its bytes already. The number has no other way out.
func numberOf(b *parser.Buffer) (number uint64, ok bool) {
	text, err := b.MarshalJSON()
	if err != nil {
		return 0, false
	}
	digits, ok := bytes.CutPrefix(text, placeholder)
	if !ok {
		return 0, false
	}
	number, err = strconv.ParseUint(string(bytes.TrimSuffix(digits, []byte("}"))), 10, 64)
	return number, err == nil
}

// attach gives the Buffers in a decoded value their bytes.
func attach(v reflect.Value, from *Mixed) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			attach(v.Elem(), from)
		}
	case reflect.Struct:
		if v.Type() != bufferType {
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					attach(v.Field(i), from)
				}
			}
			return
		}
		buffer := v.Addr().Interface().(*parser.Buffer)
		if number, ok := numberOf(buffer); ok {
			*buffer = parser.Buffer{Data: from.attachment(number)}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			attach(v.Index(i), from)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			element := reflect.New(v.Type().Elem()).Elem() // what is in a map cannot be changed
			element.Set(v.MapIndex(key))
			attach(element, from)
			v.SetMapIndex(key, element)
		}
	}
}
