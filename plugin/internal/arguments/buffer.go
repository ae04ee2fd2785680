package arguments

import (
	"bytes"
	"reflect"
	"strconv"

	"github.com/googollee/go-socket.io/parser"
)

var (
	bufferType = reflect.TypeFor[parser.Buffer]()
	bufferForm = reflect.TypeFor[parser.BufferData]() // what a Buffer decodes
)

// holdsBuffer reports whether a value of a type can have attachments in it. seen are the
// types that it has looked at.
func holdsBuffer(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return holdsBuffer(t.Elem(), seen)
	case reflect.Struct:
		if t == bufferType {
			return true
		}
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && holdsBuffer(t.Field(i).Type, seen) {
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

// An attacher gives the Buffers in a decoded value their bytes. An app's own decoding may
// make a value that leads back to itself, so it remembers where it has been.
type attacher struct {
	from attachments
	seen map[place]bool
}

// A place is where a pointer, a slice or a map leads.
type place struct {
	address uintptr
	of      reflect.Type
	len     int // of a slice: a part of one may come first
}

// visits reports whether v leads to a place for the first time.
func (a *attacher) visits(v reflect.Value) bool {
	at := place{address: v.Pointer(), of: v.Type()}
	if v.Kind() == reflect.Slice {
		at.len = v.Len()
	}
	if a.seen[at] {
		return false
	}
	if a.seen == nil {
		a.seen = make(map[place]bool)
	}
	a.seen[at] = true
	return true
}

func (a *attacher) attach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && a.visits(v) {
			a.attach(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			a.attach(v.Elem())
		}
	case reflect.Struct:
		a.attachStruct(v)
	case reflect.Slice:
		if a.visits(v) {
			a.attachEach(v)
		}
	case reflect.Array:
		a.attachEach(v)
	case reflect.Map:
		if a.visits(v) {
			a.attachMap(v)
		}
	}
}

func (a *attacher) attachStruct(v reflect.Value) {
	if v.Type() != bufferType {
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				a.attach(v.Field(i))
			}
		}
		return
	}
	buffer := v.Addr().Interface().(*parser.Buffer)
	if number, ok := numberOf(buffer); ok {
		*buffer = parser.Buffer{Data: a.from.attachment(number)}
	}
}

func (a *attacher) attachEach(v reflect.Value) {
	for i := range v.Len() {
		a.attach(v.Index(i))
	}
}

func (a *attacher) attachMap(v reflect.Value) {
	for _, key := range v.MapKeys() {
		old := v.MapIndex(key)
		if !old.IsValid() {
			continue // the key is not equal to itself, as NaN
		}
		element := reflect.New(v.Type().Elem()).Elem() // what is in a map cannot be changed
		element.Set(old)
		a.attach(element)
		v.SetMapIndex(key, element)
	}
}
