package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/parser"
)

// FuzzPacket passes what the guard accepts to go-socket.io's decoder. The decoder
// must read what we read, and not panic.
func FuzzPacket(f *testing.F) {
	for _, text := range packetSeeds(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := testGuard().parse(text)
		if err != nil {
			return
		}
		checkPacket(t, &p)
		out := p.appendTo(nil)
		again, err := testGuard().parse(out)
		if err != nil {
			t.Fatalf("parse(%q) = %v, written from %q", out, err, text)
		}
		if !bytes.Equal(again.appendTo(nil), out) {
			t.Fatalf("%q is written as %q", out, again.appendTo(nil))
		}
		checkHeader(t, &p, out)
		checkValues(t, &p, out)
		for _, types := range argumentTypes() {
			decoder, _, _ := decodeHeader(t, out, p.attachments)
			_, _ = decoder.DecodeArgs(types) // the client's mistake or not, it must not panic
		}
	})
}

// packetSeeds returns the short messages of the hostile corpus, and honest ones.
func packetSeeds(tb testing.TB) (seeds [][]byte) {
	tb.Helper()
	for _, row := range honestPackets() {
		seeds = append(seeds, []byte(row.text))
	}
	for _, a := range hostile(tb, "packets.txt") {
		for _, f := range a.frames[:min(len(a.frames), 5)] {
			if !f.binary && len(f.data) > 0 && f.data[0] == '4' {
				seeds = append(seeds, f.data[1:min(len(f.data), 500)])
			}
		}
	}
	return seeds
}

// checkPacket checks the promises of parse in another way.
func checkPacket(t *testing.T, p *packet) {
	t.Helper()
	binary := p.kind == '5' || p.kind == '6'
	if binary != (p.attachments > 0) || p.attachments > testGuard().maxAttachments {
		t.Fatalf("kind %q with %d attachments", p.kind, p.attachments)
	}
	if p.namespace[0] != '/' || bytes.ContainsAny(p.namespace, ",?\n\x00") || !utf8.Valid(p.namespace) {
		t.Fatalf("namespace %q", p.namespace)
	}
	if p.data != nil && !json.Valid(p.data) {
		t.Fatalf("data %q", p.data)
	}
	if ack := p.kind == '3' || p.kind == '6'; ack && !p.hasID {
		t.Fatal("acknowledgement without an id")
	}
	if event := p.kind == '2' || p.kind == '5'; event != (p.name != nil) {
		t.Fatalf("kind %q with name %q", p.kind, p.name)
	}
}

// checkHeader compares the header with what go-socket.io reads.
func checkHeader(t *testing.T, p *packet, out []byte) {
	t.Helper()
	_, header, event := decodeHeader(t, out, p.attachments)
	want := parser.Header{Type: parser.Type(p.kind - '0'), ID: p.id, NeedAck: p.hasID}
	if p.attachments > 0 {
		want.Type -= 3
	}
	if string(p.namespace) != "/" {
		want.Namespace = string(p.namespace)
	}
	if header != want {
		t.Fatalf("%q: got %+v, want %+v", out, header, want)
	}
	name := "stale"
	if p.name != nil {
		if err := json.Unmarshal(p.name, &name); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "\x00") {
			t.Fatalf("event %q", name)
		}
	}
	if event != name {
		t.Fatalf("%q: got event %q, want %q", out, event, name)
	}
}

// checkValues compares the arguments that go-socket.io reads with those of
// encoding/json.
func checkValues(t *testing.T, p *packet, out []byte) {
	t.Helper()
	if p.data == nil || p.data[0] != '[' {
		return
	}
	var want []any
	wantErr := json.Unmarshal(p.data, &want)
	if p.name != nil && len(want) > 0 {
		want = want[1:]
	}
	types := make([]reflect.Type, len(want))
	for i := range types {
		types[i] = reflect.TypeFor[any]()
	}
	decoder, _, _ := decodeHeader(t, out, p.attachments)
	values, err := decoder.DecodeArgs(types)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: got %v, want %v", out, err, wantErr)
	}
	if err != nil {
		return
	}
	for i, v := range values {
		if !reflect.DeepEqual(v.Interface(), want[i]) {
			t.Fatalf("%q: argument %d is %v, want %v", out, i, v, want[i])
		}
	}
}

// argumentTypes are the arguments of handlers that go-socket.io may fill.
func argumentTypes() [][]reflect.Type {
	type attached struct {
		Name  string
		File  parser.Buffer
		More  *parser.Buffer
		Inner struct{ Files []parser.Buffer }
		Any   any
	}
	buffer, text, empty := reflect.TypeFor[parser.Buffer](), reflect.TypeFor[string](), reflect.TypeFor[any]()
	return [][]reflect.Type{
		nil,
		{text},
		{empty},
		{buffer},
		{text, buffer, empty, buffer},
		{buffer, buffer, buffer, buffer},
		{reflect.TypeFor[*parser.Buffer](), reflect.TypeFor[*parser.Buffer]()},
		{reflect.TypeFor[**parser.Buffer]()},
		{reflect.TypeFor[map[string]any]()},
		{reflect.TypeFor[map[string]parser.Buffer]()},
		{reflect.TypeFor[map[string]*parser.Buffer](), reflect.TypeFor[map[string][]parser.Buffer]()},
		{reflect.TypeFor[attached](), reflect.TypeFor[*attached]()},
		{reflect.TypeFor[[]attached](), reflect.TypeFor[map[string]*attached]()},
		{reflect.TypeFor[[]parser.Buffer](), reflect.TypeFor[[]*parser.Buffer]()},
		{reflect.TypeFor[[2]parser.Buffer](), reflect.TypeFor[[][]parser.Buffer]()},
		{reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[float64](), reflect.TypeFor[bool]()},
		{reflect.TypeFor[json.RawMessage](), reflect.TypeFor[[]byte](), reflect.TypeFor[json.Number]()},
	}
}

// decodeHeader reads a packet, with one byte in each attachment, up to its
// arguments.
func decodeHeader(t *testing.T, text []byte, attachments int) (d *parser.Decoder, header parser.Header, event string) {
	t.Helper()
	event = "stale"
	d = parser.NewDecoder(&packetReader{text: text, attachments: attachments})
	if err := d.DecodeHeader(&header, &event); err != nil {
		t.Fatalf("DecodeHeader(%q): %v", text, err)
	}
	return d, header, event
}

// A packetReader is a connection with one packet.
type packetReader struct {
	text        []byte
	attachments int
	begun       bool
}

func (r *packetReader) NextReader() (session.FrameType, io.ReadCloser, error) {
	if !r.begun {
		r.begun = true
		return session.TEXT, closer{bytes.NewReader(r.text)}, nil
	}
	if r.attachments == 0 {
		return 0, nil, io.EOF
	}
	r.attachments--
	return session.BINARY, closer{bytes.NewReader([]byte("b"))}, nil
}

// A closer has a ReadByte like the readers of the transports, so the decoder puts
// no buffer around it.
type closer struct{ *bytes.Reader }

func (closer) Close() error { return nil }

// FuzzPayload decodes arbitrary bodies, and what is encoded again from their
// frames.
func FuzzPayload(f *testing.F) {
	for _, row := range clientBodies() {
		f.Add([]byte(row.body), row.octets, row.version == 4)
	}
	for _, a := range hostile(f, "payloads.txt") {
		for _, body := range a.frames {
			f.Add(body.data[:min(len(body.data), 500)], body.binary, strings.HasPrefix(a.name, "v4"))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, octets, four bool) {
		const longest = 100
		version := 3
		if four {
			version = 4
		}
		before := bytes.Clone(body)
		frames, err := decodeAll(payloadDecoder{version: version, max: longest}, body, octets)
		if !bytes.Equal(body, before) {
			t.Fatalf("the body %q has become %q", before, body)
		}
		if len(frames) == 0 {
			if err == nil {
				t.Fatalf("neither frames nor an error in %q", body)
			}
			return
		}
		for _, f := range frames {
			checkFrame(t, f, longest)
		}
		checkEncoded(t, version, frames)
	})
}

func checkFrame(t *testing.T, f frame, longest int) {
	t.Helper()
	if len(f.data) > longest || cap(f.data) > len(f.data) && !f.binary && cap(f.data) > 10*longest {
		t.Fatalf("frame of %d bytes", len(f.data))
	}
	if f.binary {
		return
	}
	if len(f.data) == 0 || f.data[0] < '0' || f.data[0] > '6' || !utf8.Valid(f.data) {
		t.Fatalf("frame %q", f.data)
	}
}

// checkEncoded checks that decoding what is encoded returns the frames, except
// for the escapes of version 3.
func checkEncoded(t *testing.T, version int, frames []frame) {
	t.Helper()
	var body []byte
	for _, f := range frames {
		body = appendPayload(body, version, f)
	}
	got, err := decodeAll(payloadDecoder{version: version, max: len(body)}, body, false)
	if err != nil || len(got) != len(frames) {
		t.Fatalf("%q: got %d frames, %v", body, len(got), err)
	}
	for i, f := range frames {
		want := f.data
		if version == 3 && !f.binary {
			want = escaped(want)
		}
		if f.binary != got[i].binary || !bytes.Equal(got[i].data, want) {
			t.Fatalf("%q: got %q, want %q", body, got[i].data, want)
		}
	}
}

// escaped returns JSON text with escapes for everything that is not ASCII.
func escaped(text []byte) []byte {
	var b []byte
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			b = append(b, byte(r))
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			b = fmt.Appendf(b, `\u%04x`, unit)
		}
	}
	return b
}
