package gobcodec_test

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

// FuzzCodecDecode compares Codec with scs.GobCodec on bytes that may be anything.
func FuzzCodecDecode(f *testing.F) {
	for _, s := range sessions() {
		for _, codec := range []scs.Codec{&gobcodec.Codec{}, scs.GobCodec{}} {
			if b, err := codec.Encode(s.deadline, s.values); err == nil && len(b) < 2000 {
				f.Add(b)
			}
		}
	}
	for _, b := range hostile(f) {
		f.Add(b[:min(len(b), 2000)])
	}
	f.Add([]byte("\x02\x24\x00")) // a type that a stream need not define
	f.Fuzz(func(t *testing.T, b []byte) {
		deadline, values, err := new(gobcodec.Codec).Decode(b)
		if gobcodec.CheckGob(b) != nil && promisesMuch(b) {
			return // gob might not return
		}
		wantDeadline, wantValues, wantErr := stockDecode(b)
		if (err == nil) != (wantErr == nil) {
			if err != nil && gobcodec.DefinesTwice(b) {
				return
			}
			t.Fatalf("got error %v, want %v\n%s", err, wantErr, hex.Dump(b))
		}
		if !same(deadline, wantDeadline) || !same(values, wantValues) {
			t.Fatalf("got %v %#v\nwant %v %#v\n%s", deadline, values, wantDeadline, wantValues, hex.Dump(b))
		}
	})
}

// promisesMuch reports whether b may contain a large count, wherever it is cut into items.
func promisesMuch(b []byte) bool {
	for i, c := range b {
		n := 256 - int(c)
		if c < 0x80 || n > 8 {
			continue
		}
		for j := i + 1; j <= i+n && j < len(b); j++ {
			if b[j] != 0 && i+n-j >= 2 {
				return true
			}
		}
	}
	return false
}

func stockDecode(b []byte) (deadline time.Time, values map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			deadline, values, err = time.Time{}, nil, fmt.Errorf("panic: %v", p)
		}
	}()
	return scs.GobCodec{}.Decode(b)
}

// FuzzCodecRoundTrip makes a session from the bytes and runs it through all pairs of Codec and scs.GobCodec.
func FuzzCodecRoundTrip(f *testing.F) {
	registerTypes()
	for i := range 64 {
		f.Add([]byte{byte(i), 1, byte(i), 2, 3, byte(i), 255, 128, 4, byte(i * 5), 0, 7, 9, byte(i), 200, 11, 42, 1, 1, byte(i)})
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m := maker{b: b, fast: true}
		s := session{deadline: m.time()}
		if m.byte() != 0 {
			s.values = m.values(0)
		}
		s.fast = m.fast
		compare(t, s)
	})
}

// A maker makes values from bytes.
type maker struct {
	b    []byte
	fast bool // nothing made so far needs encoding/gob
}

func (m *maker) byte() byte {
	if len(m.b) == 0 {
		return 0
	}
	c := m.b[0]
	m.b = m.b[1:]
	return c
}

func (m *maker) uint() (x uint64) {
	for range m.byte() % 9 {
		x = x<<8 | uint64(m.byte())
	}
	return x
}

func (m *maker) string() string {
	n := min(int(m.byte()), len(m.b))
	s := string(m.b[:n])
	m.b = m.b[n:]
	if n == 200 {
		s += s
	}
	return s
}

func (m *maker) time() time.Time {
	switch zone := m.byte(); {
	case zone == 0:
		return time.Time{}
	case zone < 100:
		return time.Unix(int64(int32(m.uint())), int64(m.uint()%1e9)).UTC()
	default:
		return time.Unix(int64(int32(m.uint())), 0).In(time.FixedZone("z", int(int16(m.uint()))))
	}
}

func (m *maker) values(depth int) map[string]any {
	values := make(map[string]any)
	for range m.byte() % 16 {
		values[m.string()] = m.value(depth)
	}
	return values
}

func (m *maker) value(depth int) any {
	basic := []func() any{
		func() any { return nil },
		func() any { return m.byte()%2 == 0 },
		func() any { return m.string() },
		func() any { return []byte(m.string()) },
		func() any { return int(m.uint()) },
		func() any { return int8(m.uint()) },
		func() any { return int16(m.uint()) },
		func() any { return int32(m.uint()) },
		func() any { return int64(m.uint()) },
		func() any { return uint(m.uint()) },
		func() any { return uint8(m.uint()) },
		func() any { return uint16(m.uint()) },
		func() any { return uint32(m.uint()) },
		func() any { return m.uint() },
		func() any { return uintptr(m.uint()) },
		func() any { return float32(int64(m.uint())) / 3 },
		func() any { return float64(m.uint()) / 7 },
		func() any { return m.time() },
		func() any { return many(m, m.string) },
		func() any { return many(m, func() bool { return m.byte() > 7 }) },
		func() any { return many(m, func() int { return int(m.uint()) }) },
		func() any { return many(m, func() int8 { return int8(m.uint()) }) },
		func() any { return many(m, func() int16 { return int16(m.uint()) }) },
		func() any { return many(m, func() int32 { return int32(m.uint()) }) },
		func() any { return many(m, func() int64 { return int64(m.uint()) }) },
		func() any { return many(m, func() uint { return uint(m.uint()) }) },
		func() any { return many(m, func() uint16 { return uint16(m.uint()) }) },
		func() any { return many(m, func() uint32 { return uint32(m.uint()) }) },
		func() any { return many(m, m.uint) },
		func() any { return many(m, func() uintptr { return uintptr(m.uint()) }) },
		func() any { return many(m, func() float32 { return float32(m.uint()) / 3 }) },
		func() any { return many(m, func() float64 { return float64(m.uint()) / 7 }) },
		func() any { return map[string]string{m.string(): m.string(), m.string(): m.string()} },
		func() any { return map[string]int{m.string(): int(m.uint())} },
	}
	kind := int(m.byte()) % 64
	if kind < len(basic) {
		return basic[kind]()
	}
	if depth >= 3 {
		return nil
	}
	if kind >= 50 {
		return m.values(depth + 1)
	}
	m.fast = false
	switch kind % 6 {
	case 0:
		return []any{m.value(depth + 1), m.value(depth + 1)}
	case 1:
		return profile{Name: m.string(), Tags: many(m, m.string), Data: m.values(depth + 1), When: m.time()}
	case 2:
		return &shape{int(m.uint())}
	case 3:
		return [][]string{many(m, m.string), nil}
	case 4:
		return complex(float64(m.uint()), 1)
	default:
		return struct{ unregistered int }{1}
	}
}

func many[T any](m *maker, one func() T) []T {
	var s []T
	for range m.byte() % 12 {
		s = append(s, one())
	}
	return s
}
