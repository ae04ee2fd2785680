package arguments_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/googollee/go-socket.io/parser"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/arguments"
)

// decodeMixed is decode for an argument with attachments, each of which is "bytes".
func decodeMixed(tb testing.TB, of reflect.Type, text string) any {
	tb.Helper()
	list, err := arguments.NewList([]reflect.Type{of})
	if err != nil {
		tb.Fatal(err)
	}
	mixed := new(arguments.Mixed)
	if err := json.Unmarshal([]byte(text), mixed); err != nil {
		tb.Fatal(err)
	}
	for i := range mixed.Attachments {
		mixed.Attachments[i] = parser.Buffer{Data: []byte("bytes")}
	}
	out, err := list.Append(nil, arguments.Decoded([]reflect.Value{reflect.ValueOf(mixed), reflect.ValueOf(new(arguments.Text))}), false)
	if err != nil {
		tb.Fatal(err)
	}
	return out[0].Interface()
}

type (
	file   struct{ File parser.Buffer }
	upload struct{ file }
)

// What encoding/json fills gets its bytes, in an embedded struct too.
func TestEmbeddedBuffer(t *testing.T) {
	t.Parallel()
	got := decodeMixed(t, reflect.TypeFor[upload](), `{"File":{"_placeholder":true,"num":0}}`).(upload)
	if string(got.File.Data) != "bytes" {
		t.Errorf("got %q", got.File.Data)
	}
}

// A node knows its parent: its own decoding makes a circle.
type node struct {
	Parent   *node `json:"-"`
	Children []*node
	Others   map[string]any
	File     parser.Buffer
}

func (n *node) UnmarshalJSON(b []byte) error {
	type plain node
	if err := json.Unmarshal(b, (*plain)(n)); err != nil {
		return err
	}
	n.Others = map[string]any{"self": n}
	n.Others["all"] = n.Others
	for _, child := range n.Children {
		child.Parent = n
	}
	return nil
}

func TestCircle(t *testing.T) {
	t.Parallel()
	got := decodeMixed(t, reflect.TypeFor[*node](), `{"File":{"_placeholder":true,"num":0},"Children":[{"File":{"_placeholder":true,"num":1}}]}`).(*node)
	if child := got.Children[0]; string(got.File.Data) != "bytes" || string(child.File.Data) != "bytes" || child.Parent != got {
		t.Errorf("got %+v", got)
	}
}

// nan is a key that is not equal to itself.
type nan float64

func (f *nan) UnmarshalText([]byte) error { *f = nan(math.NaN()); return nil }

func TestUnequalKey(t *testing.T) {
	t.Parallel()
	if got := decodeMixed(t, reflect.TypeFor[map[nan]parser.Buffer](), `{"x":{"_placeholder":true,"num":0}}`).(map[nan]parser.Buffer); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

// fork is a type of which two ways lead to another; five are one after the other.
type (
	fork[T any] struct{ A, B *T }
	five[T any] = fork[fork[fork[fork[fork[T]]]]]
)

// A type costs no more than its parts, by however many ways they can be reached.
func TestTypeOfManyWays(t *testing.T) {
	t.Parallel()
	of := reflect.TypeFor[five[five[five[five[five[five[five[five[int]]]]]]]]]()
	if _, err := arguments.NewList([]reflect.Type{of}); err != nil {
		t.Error(err)
	}
}
