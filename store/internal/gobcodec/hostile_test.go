package gobcodec_test

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

// hostile streams: each makes scs.GobCodec panic, end the process, or allocate gigabytes.
func hostile(tb testing.TB) map[string][]byte {
	tb.Helper()
	registerTypes()
	encode := func(v any) []byte {
		b, err := scs.GobCodec{}.Encode(time.Time{}, map[string]any{"k": v})
		if err != nil {
			tb.Fatal(err)
		}
		return b
	}
	// replace replaces the last bytes of a stream by more, and sets the length of its last message.
	replace := func(b []byte, cut int, more string) []byte {
		i := bytes.LastIndex(b, []byte("\xff\x80")) - 1
		message := slices.Concat(b[i+1:len(b)-cut], []byte(more))
		return append(append(b[:i:i], 0xfc, 0, byte(len(message)>>16), byte(len(message)>>8), byte(len(message))), message...)
	}
	const huge = "\xfc\x3f\xff\xff\xff"
	empty, _ := scs.GobCodec{}.Encode(time.Time{}, map[string]any{})
	nested := "\x01\x01k\x17map[string]interface {}\xff\x84\x00\x00"
	deep := strings.Repeat(nested, 300_000)
	shallow := strings.Repeat("\xfe\x20\x00"+nested[1:], 500)
	return map[string][]byte{
		"values":           replace(empty, 2, huge+"\x00"),
		"values, all nil":  replace(empty, 2, huge+strings.Repeat("\x00", 1000)),
		"deep maps":        replace(empty, 2, deep),
		"deep large maps":  replace(empty, 2, shallow),
		"map[any]string":   replace(encode(map[any]string{}), 2, huge),
		"[]any":            replace(encode([]any{}), 2, huge),
		"strings":          replace(encode([]string{}), 2, huge),
		"unhashable":       replace(encode(map[any]string{}), 2, "\x01\x07[]uint8\x0a\x03\x00\x01a\x01b\x00"),
		"panic in an app":  encode(failing{}),
		"message length":   []byte("\xfc\x00\x7f\xff\xff\x00"),
		"message too long": []byte("\xf8\x7f\xff\xff\xff\xff\xff\xff\xff"),
		// A struct with a field X that SCS lacks: a map by empty structs, with more entries than bytes.
		"map to skip": []byte(message("\x7f\x03\x01\x02\xff\x80\x00\x01\x02"+
			"\x01\x01X\x01\xff\x82\x00\x01\x06Values\x01\xff\x84\x00\x00\x00") +
			message("\xff\x81\x04\x01\x02\xff\x82\x00\x01\xff\x86\x01\xff\x86\x00\x00") +
			message("\xff\x83\x04\x01\x02\xff\x84\x00\x01\x0c\x01\x10\x00\x00") +
			message("\xff\x85\x03\x01\x02\xff\x86\x00\x00") +
			message("\xff\x80\x01\xf8\x7f\xff\xff\xff\xff\xff\xff\xff")),
	}
}

// message precedes a short message with its length.
func message(s string) string { return string(rune(len(s))) + s }

func TestCodecHostile(t *testing.T) {
	codec := &gobcodec.Codec{}
	for name, b := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			started := time.Now()
			_, values, err := codec.Decode(b)
			took := time.Since(started)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("no error, but %v", values)
			}
			allocated := int64(after.TotalAlloc - before.TotalAlloc)
			if limit := int64(1<<17 + 100*len(b)); allocated > limit || took > 5*time.Second {
				t.Errorf("%d bytes: allocated %d bytes, want at most %d; took %v", len(b), allocated, limit, took)
			}
			t.Logf("%d bytes: %d allocated, %v, %v", len(b), allocated, took, err)
		})
	}
}
