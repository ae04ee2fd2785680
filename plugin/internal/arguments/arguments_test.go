package arguments_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/arguments"
)

// decode gives a handler of one argument what go-socket.io would, and compares that with
// what our transports give.
func decode(tb testing.TB, of reflect.Type, text string) (any, error) {
	tb.Helper()
	list, err := arguments.NewList([]reflect.Type{of})
	if err != nil {
		tb.Fatal(err)
	}
	in := make([]reflect.Value, 0, 2)
	var values []any
	for _, input := range list.Inputs() {
		value := reflect.New(input.Elem())
		in, values = append(in, value), append(values, value.Interface())
	}
	if err := json.NewDecoder(strings.NewReader("[" + text + "]")).Decode(&values); err != nil {
		return nil, err
	}
	out, err := list.Append(nil, arguments.Decoded(in), false)
	parsed, parsedErr := list.Append(nil, arguments.Parse(make([]arguments.Argument, 0, 2), ","+text+"]", nil), false)
	if fmt.Sprint(err) != fmt.Sprint(parsedErr) {
		tb.Errorf("%s into %v: error %v of go-socket.io, %v of ours", text, of, err, parsedErr)
	}
	if err != nil {
		return nil, err
	}
	if one, other := out[0].Interface(), parsed[0].Interface(); !reflect.DeepEqual(one, other) {
		tb.Errorf("%s into %v: %#v of go-socket.io, %#v of ours", text, of, one, other)
	}
	return out[0].Interface(), nil
}

type word string

type shout string

func (s *shout) UnmarshalText(b []byte) error { *s = shout(strings.ToUpper(string(b))); return nil }

// What decodes is what encoding/json makes of it, and what does not is refused.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`"text"`, `"\n"`, `"\u00e9"`, "\"\xff\"", `""`, `7`, `-0`, `1e2`, `128`, `9223372036854775808`, `true`, `null`, `[1]`, `{"a":1}`, `"7"`, `0.5`,
		`{"_placeholder":true,"num":0}`, `{"_placeholder":true,"num":-1}`, `"_placeholder"`, `"2026-11-29T00:00:00Z"`,
	} {
		f.Add(text)
	}
	types := []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[word](), reflect.TypeFor[shout](), reflect.TypeFor[json.Number](), reflect.TypeFor[bool](),
		reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
		reflect.TypeFor[any](), reflect.TypeFor[[]int](), reflect.TypeFor[map[string]int](), reflect.TypeFor[time.Time](), reflect.TypeFor[json.RawMessage](),
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		for _, of := range types {
			want := reflect.New(of)
			wantErr := json.Unmarshal([]byte(text), want.Interface())
			if strings.TrimSpace(text) == "null" {
				want, wantErr = reflect.New(of), nil // it counts as not sent
			}
			got, err := decode(t, of, text)
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("%s into %v: got error %v, want %v", text, of, err, wantErr)
			}
			if err == nil && !reflect.DeepEqual(got, want.Elem().Interface()) {
				t.Errorf("%s into %v: got %#v, want %#v", text, of, got, want.Elem())
			}
			if misfit := (*arguments.Error)(nil); err != nil && !errors.As(err, &misfit) {
				t.Errorf("%s into %v: got %v", text, of, err)
			}
		}
		_, _ = decode(t, reflect.TypeFor[[]parser.Buffer](), text) // without attachments it must not panic
	})
}

func TestNewList(t *testing.T) {
	t.Parallel()
	type deep struct{ Next *deep }
	for _, of := range []reflect.Type{
		reflect.TypeFor[deep](), reflect.TypeFor[[]*deep](), reflect.TypeFor[map[shout]string](), reflect.TypeFor[any](), reflect.TypeFor[[2]uintptr](),
	} {
		if _, err := arguments.NewList([]reflect.Type{of}); err != nil {
			t.Errorf("%v: %v", of, err)
		}
	}
	for _, of := range []reflect.Type{
		reflect.TypeFor[func()](), reflect.TypeFor[[]chan int](), reflect.TypeFor[*complex64](), reflect.TypeFor[error](), reflect.TypeFor[map[bool]int](),
	} {
		if _, err := arguments.NewList([]reflect.Type{of}); err == nil {
			t.Errorf("%v: no error", of)
		}
	}
}

// A large argument costs what it weighs: go-socket.io looks at each element of a slice.
func BenchmarkLarge(b *testing.B) {
	text := `"` + strings.Repeat("x", 1<<20) + `"`
	b.ReportAllocs()
	for b.Loop() {
		if got, err := decode(b, reflect.TypeFor[string](), text); err != nil || len(got.(string)) != 1<<20 {
			b.Fatal(err)
		}
	}
}
