package wire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A clientBody is the body of a POST, and its frames.
type clientBody struct {
	name    string
	version int
	octets  bool
	body    string
	want    []frame
}

// clientBodies are what engine.io-parser of socket.io-client 1.7.4 (1.3.2), 2.5.0
// (2.2.1), 3.1.3 (4.0.3) and 4.8 (5.2.3) made of the frames, byte for byte.
// Browsers send octets if there is binary data, and 1.x on node always would; all
// others send base64.
func clientBodies() []clientBody {
	text := func(s string) frame { return frame{data: []byte(s)} }
	binary := func(s string) frame { return frame{binary: true, data: []byte(s)} }
	ascii := []frame{text(`420["a","b"]`), text(`2`)}
	latin := []frame{text(`42["é"]`)}
	wide := []frame{text(`42["m","é€ü"]`), text(`2`), text(`42["x"]`)}
	astral := []frame{text(`42["m","😀"]`), text(`42["n"]`)}
	mojibake := []frame{text(`42["Ã©"]`)}
	mixed := []frame{text(`451-["b",{"_placeholder":true,"num":0}]`), binary("\x00\x01\x02\xff\xfe"), text(`42["é😀"]`)}
	empty := []frame{binary("")}
	return []clientBody{
		{"ascii 1.x and 2.x", 3, false, "12:420[\"a\",\"b\"]1:2", ascii},
		{"latin 1.x", 3, false, "8:42[\"\xc3\x83\xc2\xa9\"]", latin},
		{"latin 2.x", 3, false, "7:42[\"\xc3\xa9\"]", latin},
		{"wide 1.x", 3, false, "17:42[\"m\",\"\xc3\x83\xc2\xa9\xc3\xa2\xc2\x82\xc2\xac\xc3\x83\xc2\xbc\"]1:27:42[\"x\"]", wide},
		{"wide 2.x", 3, false, "13:42[\"m\",\"\xc3\xa9\xe2\x82\xac\xc3\xbc\"]1:27:42[\"x\"]", wide},
		{"astral 1.x", 3, false, "14:42[\"m\",\"\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80\"]7:42[\"n\"]", astral},
		{"astral 2.x", 3, false, "12:42[\"m\",\"\xf0\x9f\x98\x80\"]7:42[\"n\"]", astral},
		{"mojibake 1.x", 3, false, "10:42[\"\xc3\x83\xc2\x83\xc3\x82\xc2\xa9\"]", mojibake},
		{"mixed 1.x", 3, false, "39:451-[\"b\",{\"_placeholder\":true,\"num\":0}]10:b4AAEC//4=12:42[\"\xc3\x83\xc2\xa9\xc3\xb0\xc2\x9f\xc2\x98\xc2\x80\"]", mixed},
		{"mixed 2.x", 3, false, "39:451-[\"b\",{\"_placeholder\":true,\"num\":0}]10:b4AAEC//4=9:42[\"\xc3\xa9\xf0\x9f\x98\x80\"]", mixed},
		{"empty binary", 3, false, "2:b4", empty},
		{"probe", 3, false, "6:2probe", []frame{text("2probe")}},
		{"close", 3, false, "1:1", []frame{text("1")}},

		{"ascii octets", 3, true, "\x00\x01\x02\xff420[\"a\",\"b\"]\x00\x01\xff2", ascii},
		{"latin octets", 3, true, "\x00\x08\xff42[\"\xc3\xa9\"]", latin},
		{"wide octets", 3, true, "\x00\x01\x07\xff42[\"m\",\"\xc3\xa9\xe2\x82\xac\xc3\xbc\"]\x00\x01\xff2\x00\x07\xff42[\"x\"]", wide},
		{"mojibake octets", 3, true, "\x00\x01\x00\xff42[\"\xc3\x83\xc2\xa9\"]", mojibake},
		{"mixed octets", 3, true, "\x00\x03\x09\xff451-[\"b\",{\"_placeholder\":true,\"num\":0}]\x01\x06\xff\x04\x00\x01\x02\xff\xfe\x00\x01\x02\xff42[\"\xc3\xa9\xf0\x9f\x98\x80\"]", mixed},
		{"empty octets", 3, true, "\x01\x01\xff\x04", empty},

		{"ascii 4.x", 4, false, "420[\"a\",\"b\"]\x1e2", ascii},
		{"wide 4.x", 4, false, "42[\"m\",\"\xc3\xa9\xe2\x82\xac\xc3\xbc\"]\x1e2\x1e42[\"x\"]", wide},
		{"mojibake 4.x", 4, false, "42[\"\xc3\x83\xc2\xa9\"]", mojibake},
		{"mixed 4.x", 4, false, "451-[\"b\",{\"_placeholder\":true,\"num\":0}]\x1ebAAEC//4=\x1e42[\"\xc3\xa9\xf0\x9f\x98\x80\"]", mixed},
		{"empty binary 4.x", 4, false, "b", empty},
	}
}

// String returns a frame in the format of testdata/hostile.
func (f frame) String() string {
	if f.binary {
		return "b:" + string(f.data)
	}
	return string(f.data)
}

func sameFrame(a, b frame) bool { return a.binary == b.binary && bytes.Equal(a.data, b.data) }

// decodeAll returns the frames of body up to the first error.
func decodeAll(d payloadDecoder, body []byte, octets bool) (frames []frame, err error) {
	err = d.decode(body, octets, func(f frame) error {
		frames = append(frames, f)
		return nil
	})
	return frames, err
}

func TestPayloadDecodesClients(t *testing.T) {
	t.Parallel()
	for _, row := range clientBodies() {
		got, err := decodeAll(payloadDecoder{version: row.version, max: 1000}, []byte(row.body), row.octets)
		if err != nil || !slices.EqualFunc(got, row.want, sameFrame) {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}

// TestPayloadLearns checks that the first text that no 1.x client would send
// decides for the whole connection.
func TestPayloadLearns(t *testing.T) {
	t.Parallel()
	type post struct{ body, want string }
	for name, posts := range map[string][]post{
		"1.x":              {{"8:42[\"Ã©\"]", `42["é"]`}, {"7:42[\"a\"]", `42["a"]`}, {"8:42[\"Ã©\"]", `42["é"]`}},
		"2.x, wide":        {{"7:42[\"€\"]", `42["€"]`}, {"8:42[\"Ã©\"]", `42["Ã©"]`}},
		"2.x, latin":       {{"7:42[\"é\"]", `42["é"]`}, {"8:42[\"Ã©\"]", `42["Ã©"]`}},
		"2.x, taken wrong": {{"8:42[\"Ã©\"]", `42["é"]`}, {"7:42[\"é\"]", `42["é"]`}, {"8:42[\"Ã©\"]", `42["Ã©"]`}},
		"2.x, astral":      {{"8:42[\"😀\"]", `42["😀"]`}, {"8:42[\"Ã©\"]", `42["Ã©"]`}},
	} {
		d := payloadDecoder{version: 3, max: 1000}
		for _, p := range posts {
			err := d.decode([]byte(p.body), false, func(f frame) error {
				if string(f.data) != p.want {
					t.Errorf("%s: %q is %q, want %q", name, p.body, f.data, p.want)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %q: %v", name, p.body, err)
			}
		}
	}
}

func TestPayloadRefuses(t *testing.T) {
	t.Parallel()
	const text3, octets3, text4, octets4 = "3", "3 octets", "4", "4 octets"
	for _, row := range []struct {
		wire   string
		want   error
		bodies []string
	}{
		{text3, errEmptyFrame, []string{``, `0:`, `1:20:`, `0:1:2`, `00:`}},
		{text3, errLength, []string{
			`:`, `2`, `1`, `12`, `x:2`, `-1:2`, `+1:2`, ` 1:2`, `1 :2`, `1.0:2`, `0x1:2`, `2:2`, `99999999:2`, `9223372036854775808:2`,
			`18446744073709551616:2`, strings.Repeat("9", 1000) + `:2`, `1:2:`, `1:2x`, `1:21`, `1:22:4`, "7:42[\"😀\"]", `5:4é`, "2:4😀", "\xff",
			"\x00\x01\xff2",
		}},
		{text3, errUTF8, []string{"3:4\xc3x", "2:4\xff", "4:4\xed\xa0\x80", "3:4\xc0\x80"}},
		{text3, errFrameType, []string{`1:7`, `1:9`, `1:x`, `1: `, "1:\x00", `1:é`, `1:b`, `2:b2`, `5:b2AA=`, `5:b\x04AA`, `1:B`, `1:-`}},
		{text3, errBase64, []string{`3:b4A`, `6:b4AAA!`, `5:b4AAA`, `6:b4====`, `7:b4AAAA=`, `6:b4__--`}},
		{text3, errTooLong, []string{`11:4123456789x`, `18:b4AAAAAAAAAAAAAAAA`, `18:b4AAAAAAAAAAAAAAA=`}},

		{octets3, errEmptyFrame, []string{"", "\x00\x00\xff", "\x01\x00\xff"}},
		{octets3, errLength, []string{
			"\x00", "\x00\xff", "\x00\xff2", "\x00\x01", "\x00\x01\xff", "\x00\x02\xff2", "\x00\x0a\xff2", "\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\xff2",
			"\x00" + strings.Repeat("\x00", 9) + "\x01\xff2", "\x00" + strings.Repeat("\x09", 400) + "\xff2", "1:2", "\x00\x01\xff2\x00", "\x01\x09\xff\x04",
		}},
		{octets3, errUTF8, []string{"\x00\x02\xff4\xff", "\x00\x04\xff4\xed\xa0\x80"}},
		{octets3, errFrameType, []string{"\x01\x01\xff2", "\x01\x02\xff\x02a", "\x02\x01\xff2", "\xfe\x01\xff2", "\x00\x01\xff7", "\x00\x02\xffb4", "\x00\x01\xff\x04"}},
		{octets3, errTooLong, []string{"\x00\x01\x01\xff4123456789x", "\x01\x01\x02\xff\x04123456789xy"}},

		{text4, errEmptyFrame, []string{"", "\x1e", "2\x1e", "\x1e2", "2\x1e\x1e2"}},
		{text4, errUTF8, []string{"4\xff", "2\x1e4\xc3"}},
		{text4, errFrameType, []string{"7", "x", " 2", "B", ":2", "\x00", "\x04", "é"}},
		{text4, errBase64, []string{"bA", "bAAA", "b=", "bAAAA=", "b4é", "b__--"}},
		{text4, errTooLong, []string{"4123456789x", "bAAAAAAAAAAAAAAAA", "bAAAAAAAAAAAAAAA="}},
		{octets4, errOctets, []string{"2", "\x00\x01\xff2", "\x01\x01\xff\x04"}},
	} {
		d := payloadDecoder{version: int(row.wire[0] - '0'), max: 10}
		for _, body := range row.bodies {
			frames, err := decodeAll(d, []byte(body), strings.HasSuffix(row.wire, "octets"))
			if !errors.Is(err, row.want) {
				t.Errorf("version %s: %.60q: got %q, %v, want %v", row.wire, body, frames, err, row.want)
			}
		}
	}
}

func TestPayloadLimits(t *testing.T) {
	t.Parallel()
	d := payloadDecoder{version: 3, max: 10}
	for _, body := range []string{"10:4123456789", "18:b4AAAAAAAAAAAAAA==", strings.Repeat("1:2", maxFrames)} {
		if _, err := decodeAll(d, []byte(body), false); err != nil {
			t.Errorf("%.60q: %v", body, err)
		}
	}
	frames, err := decodeAll(d, []byte(strings.Repeat("1:2", maxFrames+1)), false)
	if !errors.Is(err, errTooMany) || len(frames) != maxFrames {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

// TestPayloadStops checks that the callback's error ends decode, which returns
// it.
func TestPayloadStops(t *testing.T) {
	t.Parallel()
	enough, n := errors.New("enough"), 0
	d := payloadDecoder{version: 4, max: 10}
	err := d.decode([]byte("2\x1e3\x1e4"), false, func(frame) error {
		n++
		if n == 2 {
			return enough
		}
		return nil
	})
	if n != 2 || !errors.Is(err, enough) {
		t.Errorf("%d frames, %v", n, err)
	}
}

// TestPayloadFramesApart checks that appending to one frame does not change the
// next.
func TestPayloadFramesApart(t *testing.T) {
	t.Parallel()
	for _, row := range clientBodies() {
		frames, err := decodeAll(payloadDecoder{version: row.version, max: 1000}, []byte(row.body), row.octets)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		for _, f := range frames {
			_ = append(f.data, "overwritten"...)
		}
		if !slices.EqualFunc(frames, row.want, sameFrame) {
			t.Errorf("%s: %q", row.name, frames)
		}
	}
}

func TestAppendPayload(t *testing.T) {
	t.Parallel()
	frames := []frame{{data: []byte(`42["é€😀"]`)}, {binary: true, data: []byte{0, 255}}, {data: []byte("6")}, {binary: true}, {data: []byte("4\xff\u2028")}}
	for version, want := range map[int]string{
		3: `30:42["\u00e9\u20ac\ud83d\ude00"]6:b4AP8=1:62:b413:4\ufffd\u2028`,
		4: "42[\"é€😀\"]\x1ebAP8=\x1e6\x1eb\x1e4\xff\u2028",
	} {
		var got []byte
		for _, f := range frames {
			got = appendPayload(got, version, f)
		}
		if string(got) != want {
			t.Errorf("version %d: got %q, want %q", version, got, want)
		}
	}
}

func BenchmarkPayload(b *testing.B) {
	frames := []frame{
		{data: []byte(`42["message","hello"]`)},
		{data: []byte(`42["message","привет"]`)},
		{data: []byte(`451-["b",{"_placeholder":true,"num":0}]`)},
		{binary: true, data: make([]byte, 256)},
	}
	for version := 3; version <= 4; version++ {
		var body []byte
		for _, f := range frames {
			body = appendPayload(body, version, f)
		}
		b.Run(fmt.Sprintf("Append%d", version), func(b *testing.B) {
			b.ReportAllocs()
			out := make([]byte, 0, 2*len(body))
			for b.Loop() {
				out = out[:0]
				for _, f := range frames {
					out = appendPayload(out, version, f)
				}
			}
		})
		b.Run(fmt.Sprintf("Decode%d", version), func(b *testing.B) {
			b.ReportAllocs()
			d := payloadDecoder{version: version, max: 1000}
			for b.Loop() {
				if err := d.decode(body, false, func(frame) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
