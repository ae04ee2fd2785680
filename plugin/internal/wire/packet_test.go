package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// testGuard has the limits of the transports.
func testGuard() guard {
	return guard{maxAttachments: 64, maxNamespace: 1024, maxDepth: 128}
}

// An honestPacket is a packet of a real client, and the expected result.
type honestPacket struct {
	text    string
	want    packet
	written string // what appendTo makes of it, "" for the same
}

// honestPackets has packets of every kind. socket.io-parser 2.3.1, 3.3.6, 4.0.5
// and 4.2.7 write the plain ones exactly so.
func honestPackets() []honestPacket {
	return slices.Concat(connectPackets(), eventPackets(), ackPackets(), binaryPackets())
}

func connectPackets() []honestPacket {
	b := func(s string) []byte { return []byte(s) }
	root, chat := b("/"), b("/chat")
	return []honestPacket{
		{`0`, packet{kind: '0', namespace: root}, ""},
		{`0/chat`, packet{kind: '0', namespace: chat}, `0/chat,`},
		{`0/chat,`, packet{kind: '0', namespace: chat}, ""},
		{`0/chat?token=abc,`, packet{kind: '0', namespace: chat, query: b("token=abc")}, `0/chat,`},
		{`0/chat?a=b?c`, packet{kind: '0', namespace: chat, query: b("a=b?c")}, `0/chat,`},
		{`0/?a=b,`, packet{kind: '0', namespace: root, query: b("a=b")}, `0`},
		{`0/?`, packet{kind: '0', namespace: root, query: b("")}, `0`},
		{`0{"token":"x"}`, packet{kind: '0', namespace: root, data: b(`{"token":"x"}`)}, ""},
		{`0/chat,{"token":"x"}`, packet{kind: '0', namespace: chat, data: b(`{"token":"x"}`)}, ""},
		{`0/чат,{}`, packet{kind: '0', namespace: b("/чат"), data: b(`{}`)}, ""},
		{`1`, packet{kind: '1', namespace: root}, ""},
		{`1/chat,`, packet{kind: '1', namespace: chat}, ""},
	}
}

func eventPackets() []honestPacket {
	b := func(s string) []byte { return []byte(s) }
	root, chat := b("/"), b("/chat")
	return []honestPacket{
		{`2["message","hello"]`, packet{kind: '2', namespace: root, data: b(`["message","hello"]`), name: b(`"message"`)}, ""},
		{`20["a"]`, packet{kind: '2', namespace: root, hasID: true, data: b(`["a"]`), name: b(`"a"`)}, ""},
		{`2/chat,12["a",{"b":[1,-2.5e+3,null,true,false]}]`, packet{
			kind: '2', namespace: chat, id: 12, hasID: true,
			data: b(`["a",{"b":[1,-2.5e+3,null,true,false]}]`), name: b(`"a"`),
		}, ""},
		{"2007 [ \"a\" , 1 ]\n", packet{kind: '2', namespace: root, id: 7, hasID: true, data: b(`[ "a" , 1 ]`), name: b(`"a"`)}, `27[ "a" , 1 ]`},
		{`2["a,b]c",1]`, packet{kind: '2', namespace: root, data: b(`["a,b]c",1]`), name: b(`"a,b]c"`)}, `2["a\u002cb\u005dc",1]`},
		{`2/chat,[ "]" ,","]`, packet{kind: '2', namespace: chat, data: b(`[ "]" ,","]`), name: b(`"]"`)}, `2/chat,["\u005d" ,","]`},
		{`2["\",\\",0]`, packet{kind: '2', namespace: root, data: b(`["\",\\",0]`), name: b(`"\",\\"`)}, `2["\"\u002c\\",0]`},
		{`2[""]`, packet{kind: '2', namespace: root, data: b(`[""]`), name: b(`""`)}, ""},
		{`2["é\ud800\u00E9😀",0]`, packet{kind: '2', namespace: root, data: b(`["é\ud800\u00E9😀",0]`), name: b(`"é\ud800\u00E9😀"`)}, ""},
		{`2["a",{"num":7,"placeholder":true,"_place":1}]`, packet{
			kind: '2', namespace: root,
			data: b(`["a",{"num":7,"placeholder":true,"_place":1}]`), name: b(`"a"`),
		}, ""},
		{`29007199254740992["a"]`, packet{kind: '2', namespace: root, id: 1 << 53, hasID: true, data: b(`["a"]`), name: b(`"a"`)}, ""},
	}
}

func ackPackets() []honestPacket {
	b := func(s string) []byte { return []byte(s) }
	root, chat := b("/"), b("/chat")
	return []honestPacket{
		{`30[]`, packet{kind: '3', namespace: root, hasID: true, data: b(`[]`)}, ""},
		{`3/chat,5["a"]`, packet{kind: '3', namespace: chat, id: 5, hasID: true, data: b(`["a"]`)}, ""},
	}
}

func binaryPackets() []honestPacket {
	b := func(s string) []byte { return []byte(s) }
	root, chat := b("/"), b("/chat")
	return []honestPacket{
		{`51-["b",{"_placeholder":true,"num":0}]`, packet{
			kind: '5', attachments: 1, namespace: root,
			data: b(`["b",{"_placeholder":true,"num":0}]`), name: b(`"b"`),
		}, ""},
		{
			`5002-/chat,3["b,",[{"num":1,"_placeholder":true}],{"x":{"_placeholder":true,"num":0}}]`,
			packet{
				kind:        '5',
				attachments: 2, namespace: chat, id: 3, hasID: true, name: b(`"b,"`),
				data: b(`["b,",[{"num":1,"_placeholder":true}],{"x":{"_placeholder":true,"num":0}}]`),
			},
			`52-/chat,3["b\u002c",[{"num":1,"_placeholder":true}],{"x":{"_placeholder":true,"num":0}}]`,
		},
		{`61-9[ {"_placeholder" : true , "num" : 0} ]`, packet{
			kind: '6', attachments: 1, namespace: root, id: 9, hasID: true,
			data: b(`[ {"_placeholder" : true , "num" : 0} ]`),
		}, ""},
	}
}

func TestPacketAppendTo(t *testing.T) {
	t.Parallel()
	for _, row := range honestPackets() {
		want := row.written
		if want == "" {
			want = strings.Trim(row.text, " \n")
		}
		if got := string(row.want.appendTo([]byte("4"))); got != "4"+want {
			t.Errorf("%s is written as %s, want 4%s", row.text, got, want)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	long, err := json.Marshal(strings.Repeat("hello ", 1000))
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct{ name, text string }{
		{"Event", `20["message","hello"]`},
		{"Namespace", `2/chat,12["message",{"from":"me","tags":["a","b"],"at":1700000000}]`},
		{"Binary", `51-3["file",{"name":"a.png","data":{"_placeholder":true,"num":0}}]`},
		{"Long", `2["message",` + string(long) + `]`},
		{"Unicode", `2["message","` + strings.Repeat("привет ", 100) + `"]`},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(row.text)))
			g, text := testGuard(), []byte(row.text)
			out := make([]byte, 0, 2*len(text))
			for b.Loop() {
				p, err := g.parse(text)
				if err != nil {
					b.Fatal(err)
				}
				out = p.appendTo(out[:0])
			}
		})
	}
}
