package gobcodec_test

import (
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

type profile struct {
	Name string
	Tags []string
	Data map[string]any
	When time.Time
	Next *profile
}

type shape [3]int

type failing struct{}

func (failing) GobEncode() ([]byte, error) { return []byte{1}, nil }
func (*failing) GobDecode([]byte) error    { panic("failing") }

// registerTypes tells gob of the types in sessions, as an app does when it starts.
var registerTypes = sync.OnceFunc(func() {
	for _, v := range []any{
		time.Time{},
		map[string]any{},
		map[string]string{},
		map[string]int{},
		map[any]string{},
		[]any{},
		profile{},
		&shape{},
		failing{},
		[][]string{},
	} {
		gob.Register(v)
	}
})

type session struct {
	name     string
	fast     bool // without encoding/gob
	deadline time.Time
	values   map[string]any
}

func sessions() []session {
	registerTypes()
	deadline, typical := typicalSession()
	at := func(fast bool, name string, v any) session {
		return session{name, fast, deadline, map[string]any{"before": 1, name: v, "after": "x"}}
	}
	east := time.FixedZone("east", 3*3600+30*60)
	odd := time.FixedZone("odd", 3600+17)
	list := []session{
		{"typical", true, deadline, typical},
		{"empty map", true, deadline, map[string]any{}},
		{"nil map", true, deadline, nil},
		{"zero", true, time.Time{}, nil},
		{"zero deadline", true, time.Time{}, map[string]any{"a": 1}},
		{"zero deadline elsewhere", true, time.Time{}.In(east), map[string]any{}},
		{"deadline with monotonic clock", true, time.Now(), map[string]any{"a": 1}},
		{"deadline in a zone", true, deadline.In(east), typical},
		{"deadline in a zone with seconds", true, deadline.In(odd), typical},
		{"deadline in an impossible zone", false, deadline.In(time.FixedZone("", math.MaxInt32)), typical},
		{"empty key, odd keys", true, deadline, map[string]any{"": 1, "\xff\xfe": 2, strings.Repeat("k", 300): 3}},
		at(true, "nil", nil),
		at(true, "true", true), at(true, "false", false),
		at(true, "string", "héllo\x00"), at(true, "empty string", ""), at(true, "invalid UTF-8", "\xff\xc0"),
		at(true, "string of 120", strings.Repeat("s", 120)), at(true, "string of 126", strings.Repeat("s", 126)),
		at(true, "string of 300", strings.Repeat("s", 300)), at(true, "long string", strings.Repeat("long", 30000)),
		at(true, "bytes", []byte{0, 255, 7}), at(true, "no bytes", []byte{}), at(true, "nil bytes", []byte(nil)),
		at(true, "float32", float32(-1.5)), at(true, "float32 max", float32(math.MaxFloat32)),
		at(true, "float32 inf", float32(math.Inf(-1))), at(true, "float32 tiny", float32(math.SmallestNonzeroFloat32)),
		at(true, "float64", math.Pi), at(true, "float64 17", 17.0), at(true, "float64 0", 0.0),
		at(true, "float64 -0", math.Copysign(0, -1)), at(true, "float64 max", math.MaxFloat64), at(true, "float64 inf", math.Inf(1)),
		at(true, "NaN", math.NaN()), at(true, "NaNs", []float32{float32(math.NaN())}),
		at(true, "strings", []string{"a", "", strings.Repeat("b", 200)}), at(true, "no strings", []string{}), at(true, "nil strings", []string(nil)),
		at(true, "bools", []bool{true, false}), at(true, "float32s", []float32{1, -2.5}), at(true, "float64s", []float64{0, 1e300}),
		at(true, "time", deadline), at(true, "zero time", time.Time{}), at(true, "time in a zone", deadline.In(odd)),
		at(true, "map[string]string", map[string]string{"a": "b", "": ""}), at(true, "nil map[string]string", map[string]string(nil)),
		at(true, "map[string]int", map[string]int{"a": -1, "b": 1 << 40}), at(true, "empty map[string]int", map[string]int{}),
		at(true, "map[string]any", map[string]any{"a": map[string]any{"b": []string{"c"}, "n": nil, "t": deadline}}),
		at(true, "nil map[string]any", map[string]any(nil)),
		at(false, "complex64", complex64(1+2i)), at(false, "complex128s", []complex128{1i}),
		at(false, "[]any", []any{1, "a", nil, []any{[]string{"x"}}, map[string]any{"k": []int{1}}}),
		at(false, "map[any]string", map[any]string{1: "a", "b": "c"}),
		at(false, "[][]string", [][]string{{"a"}, nil}),
		at(false, "array", &shape{1, 2, 3}),
		at(false, "struct", profile{Name: "n", Tags: []string{"t"}, When: deadline, Next: &profile{Name: "m"}, Data: map[string]any{
			"a": []any{[]int16{1}, map[string]any{"b": []float32{1}}}, "p": profile{Name: "inner", Data: map[string]any{"u": []uint64{7}}},
		}}),
		at(false, "pointer to int", new(int)),
		at(false, "duration", time.Second), at(false, "func", func() {}), at(false, "nil pointer", (*profile)(nil)),
		at(false, "unregistered", map[string]bool{"a": true}), at(false, "deep unregistered", map[string]any{"a": map[string]bool{}}),
	}
	for _, v := range integers() {
		list = append(list, at(true, fmt.Sprintf("%T %v", v, v), v))
	}
	huge, many := map[string]any{}, map[string]any{}
	for i := range 5000 {
		huge[fmt.Sprint("key ", i)] = i
		many[fmt.Sprint(i)] = nil
	}
	every := map[string]any{}
	for _, s := range list {
		if s.fast {
			for k, v := range s.values {
				every[k] = v
			}
		}
	}
	return append(list, session{"huge", true, deadline, huge}, session{"many nil", true, deadline, many}, session{"every type", true, deadline, every})
}

// integers returns for every integer type its extremes, values around 0 and 127, and a slice of all of these.
func integers() []any {
	var list []any
	for _, zero := range []any{
		int(0), int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
	} {
		typ := reflect.TypeOf(zero)
		slice := reflect.MakeSlice(reflect.SliceOf(typ), 0, 0)
		list = append(list, slice.Interface(), reflect.Zero(slice.Type()).Interface())
		for _, x := range []uint64{0, 1, 63, 64, 127, 128, 255, 256, 1 << 15, 1<<31 - 1, 1 << 31, 1 << 62, 1<<63 - 1, 1 << 63, math.MaxUint64, math.MaxUint64 - 64} {
			v := reflect.ValueOf(x).Convert(typ)
			list = append(list, v.Interface())
			slice = reflect.Append(slice, v)
		}
		list = append(list, slice.Interface())
	}
	return list
}

// same is reflect.DeepEqual, but a NaN is a NaN.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b)
}

// compare runs a session through all pairs of Codec and scs.GobCodec.
func compare(t *testing.T, s session) {
	t.Helper()
	codec := &gobcodec.Codec{}
	stock := scs.GobCodec{}
	want, wantErr := stock.Encode(s.deadline, s.values)
	got, err := codec.Encode(s.deadline, s.values)
	if (err == nil) != (wantErr == nil) { // which error it is may depend on the order of the map
		t.Fatalf("Encode: got error %v, want %v", err, wantErr)
	}
	if wantErr != nil {
		return
	}
	wantDeadline, wantValues, err := stock.Decode(want)
	if err != nil {
		t.Fatalf("gob cannot decode what it encoded: %v", err)
	}
	for _, c := range []struct {
		name  string
		codec scs.Codec
		b     []byte
	}{{"gob of ours", stock, got}, {"ours of gob", codec, want}, {"ours of ours", codec, got}} {
		deadline, values, err := c.codec.Decode(c.b)
		if err != nil || !same(deadline, wantDeadline) || !same(values, wantValues) {
			t.Errorf("%s: got %v %#v %v, want %v %#v\n%s", c.name, deadline, values, err, wantDeadline, wantValues, hex.Dump(c.b))
		}
	}
	for _, b := range [][]byte{want, got} {
		if err := gobcodec.CheckGob(b); err != nil {
			t.Errorf("a good session is taken for malformed: %v\n%s", err, hex.Dump(b))
		}
	}
	_, encoded := gobcodec.EncodeGob(s.deadline, s.values)
	_, _, decoded := gobcodec.DecodeGob(want)
	if s.fast && (!encoded || !decoded) {
		t.Errorf("without encoding/gob: encoded %v, decoded %v, want both", encoded, decoded)
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	for _, s := range sessions() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			compare(t, s)
		})
	}
}

func TestCodecErrors(t *testing.T) {
	t.Parallel()
	registerTypes()
	for _, v := range []any{time.Second, func() {}, make(chan int), (*profile)(nil), map[string]bool{}, map[string]any{"a": failing.GobEncode}} {
		values := map[string]any{"k": v}
		_, want := scs.GobCodec{}.Encode(time.Time{}, values)
		if _, err := new(gobcodec.Codec).Encode(time.Time{}, values); err == nil || err.Error() != want.Error() {
			t.Errorf("%T: got %v, want %v", v, err, want)
		}
	}
}

func TestCodecDoesNotKeepItsInput(t *testing.T) {
	t.Parallel()
	deadline, values := typicalSession()
	values["bytes"] = []byte("abc")
	b, err := new(gobcodec.Codec).Encode(deadline, values)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := new(gobcodec.Codec).Decode(b)
	clear(b)
	if err != nil || !same(got, values) {
		t.Errorf("got %v, %v, want %v", got, err, values)
	}
}

func TestCodecAllocs(t *testing.T) {
	codec := &gobcodec.Codec{}
	deadline, values := typicalSession()
	b, err := scs.GobCodec{}.Encode(deadline, values)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = codec.Encode(deadline, values) }); n > 1 {
		t.Errorf("Encode: %v allocations, want 1", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = codec.Decode(b) }); n > 9 {
		t.Errorf("Decode: %v allocations, want 9", n)
	}
}

func TestCodecConcurrently(t *testing.T) {
	t.Parallel()
	registerTypes()
	codec := &gobcodec.Codec{}
	values := map[string]any{"at": time.Unix(1, 0).UTC(), "m": map[string]string{"a": "b"}, "n": 1}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				b, err := codec.Encode(time.Time{}, values)
				if err != nil {
					t.Error(err)
					return
				}
				if _, got, err := codec.Decode(b); err != nil || !same(got, values) {
					t.Errorf("got %v, %v", got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCodecTruncated(t *testing.T) {
	t.Parallel()
	codec := &gobcodec.Codec{}
	for _, s := range sessions() {
		b, err := scs.GobCodec{}.Encode(s.deadline, s.values)
		if err != nil || len(b) > 4000 {
			continue
		}
		for n := range b {
			if _, _, err := codec.Decode(b[:n]); err == nil {
				t.Errorf("%s: no error for the first %d of %d bytes", s.name, n, len(b))
			}
		}
	}
	if _, _, err := codec.Decode(nil); !errors.Is(err, io.EOF) {
		t.Errorf("nothing: got %v, want %v", err, io.EOF)
	}
}
