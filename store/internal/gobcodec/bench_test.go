package gobcodec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/socketio-sessions/socketio-sessions/store/internal/gobcodec"
)

// typicalSession has seven basic values and encodes to about 320 bytes.
func typicalSession() (time.Time, map[string]any) {
	return time.Date(2031, 5, 6, 7, 8, 9, 10, time.UTC), map[string]any{
		"user_id": 424242,
		"name":    "Ada Lovelace",
		"email":   "ada@example.org",
		"csrf":    strings.Repeat("x", 43),
		"roles":   "admin,editor,viewer",
		"auth":    true,
		"n":       0,
	}
}

func codecs() map[string]scs.Codec {
	return map[string]scs.Codec{"fast": &gobcodec.Codec{}, "gob": scs.GobCodec{}}
}

func BenchmarkCodecEncode(b *testing.B) {
	deadline, values := typicalSession()
	for name, codec := range codecs() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := codec.Encode(deadline, values); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCodecDecode(b *testing.B) {
	deadline, values := typicalSession()
	session, err := scs.GobCodec{}.Encode(deadline, values)
	if err != nil {
		b.Fatal(err)
	}
	for name, codec := range codecs() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(session)))
			for b.Loop() {
				if _, _, err := codec.Decode(session); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
