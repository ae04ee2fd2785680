package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode"
)

func TestGuardPasses(t *testing.T) {
	t.Parallel()
	g := testGuard()
	for _, row := range honestPackets() {
		got, err := g.parse([]byte(row.text))
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("parse(%s) = %+v, %v", row.text, got, err)
		}
	}
}

// TestGuardAllocatesNothing runs alone, as testing.AllocsPerRun requires.
func TestGuardAllocatesNothing(t *testing.T) {
	g := testGuard()
	for _, row := range honestPackets() {
		text := []byte(row.text)
		if allocs := testing.AllocsPerRun(100, func() { _, _ = g.parse(text) }); allocs > 0 {
			t.Errorf("parse(%s) allocates %v times", row.text, allocs)
		}
	}
}

func TestGuardRefusesHeads(t *testing.T) {
	t.Parallel()
	refuses(t, errKind,
		``, `4`, `4"x"`, `44["x"]`, `7`, `9/x`, `x`, ` 2["a"]`, `[]`, "\x00", `-1`,
	)
	refuses(t, errAttachments,
		`5`, `5["a"]`, `5-["a"]`, `50-["a"]`, `500-["a"]`, `51["a"]`, `51`, `5 1-["a"]`, `5-1-["a"]`, `5+1-["a"]`, `5/chat,1-["a"]`,
		`565-["a"]`, `51000000000000-["a"]`, `59223372036854775807-["nosuch"]`, `518446744073709551617-["a"]`,
		`5`+strings.Repeat("9", 1000)+`-["a"]`, `6`, `60-1[]`, `69223372036854775807-1["x"]`, `61["x"]`,
	)
	refuses(t, errNamespace,
		"0/a\nb", "0/\x00,", "2/a\x1fb,[\"a\"]", "0/a?\r\n,", "0/\x7f", "0/\xff", "0/\xed\xa0\x80,", "0/\xc3,",
		`0/`+strings.Repeat("x", 1024), `2/`+strings.Repeat("x", 1024)+`,["a"]`, `0/a?`+strings.Repeat("x", 1022),
	)
	refuses(t, errID,
		`3`, `3[]`, `3["a"]`, `3/chat,["a"]`, `61-[{"_placeholder":true,"num":0}]`, `01`, `00{}`, `0/chat,1`, `1/chat,1`, `12`,
		`29007199254740993["a"]`, `218446744073709551615["a"]`, `218446744073709551616["a"]`, `2`+strings.Repeat("1", 1000)+`["a"]`,
	)
}

func TestGuardRefusesData(t *testing.T) {
	t.Parallel()
	refuses(t, errNoArray,
		`2`, `21`, `2{}`, `2"a"`, `2"b"]`, `2/chat`, `2/chat["a"]`, `2/chat,`, `2null`, `2-["a"]`, `21-["a"]`, `2,["a"]`, `3/chat,1`,
		`31`, `31{}`, `31-["a"]`, `31"a"`, `51-`, `51-{}`, `61-1{}`, `21 2["a"]`, "2\v[\"a\"]", "2\u00a0[\"a\"]",
	)
	refuses(t, errNoObject,
		`0[]`, `0"a"`, `0null`, `0/chat,[]`, `0,`, `0-`, `0/chat,/chat`, `0/chat,,{}`,
	)
	refuses(t, errNoData,
		`1{}`, `1["a"]`, `1/chat,"bye"`, `1x`, `1,`,
	)
	refuses(t, errName,
		`2[]`, `2[1]`, `2[null]`, `2[["a"]]`, `2[{}]`, `2[true,"a"]`, `2["\u0000open"]`, `2/chat,1["\u0000"]`, `2[ "\u0000a" ]`,
		`2["`+strings.Repeat("x", maxName-1)+`"]`,
	)
	refuses(t, errJSON,
		`2["a"`, `2["a",`, `2["a",]`, `2[,"a"]`, `2["a" "b"]`, `2["a"]]`, `2["a"]["b"]`, `2["a"],`, `2["a"]0`, `2["a`, `2["a\`, `2["a\"`,
		`2["a\x"]`, `2["\u"]`, `2["\u00"]`, `2["\u00g0"]`, `2["\U0000"]`, `2["\'"]`, "2[\"\x00open\"]", "2[\"a\nb\"]", "2[\"a\tb\"]",
		`2['a']`, `2["a",01]`, `2["a",-]`, `2["a",+1]`, `2["a",1.]`, `2["a",.5]`, `2["a",1e]`, `2["a",1e+]`, `2["a",--1]`, `2["a",0x1]`,
		`2["a",NaN]`, `2["a",Infinity]`, `2["a",tru]`, `2["a",trux]`, `2["a",TRUE]`, `2["a",nulll]`, `2["a",undefined]`, `2["a",]`,
		`2["a",{]`, `2["a",{"b"}]`, `2["a",{"b":}]`, `2["a",{"b":1,}]`, `2["a",{b:1}]`, `2["a",{1:1}]`, `2["a",{"b":1 "c":2}]`,
		`2["a",{"b":1]]`, `2["a",[1}]`, `2["a",{,}]`, `2["a"}`, `2[`, `31[`, `31[]]`, `0{`, `0/chat,{{{`, `0{}{}`, `0{"a":1`, `2["a" /**/]`,
		`51-["b",{"_placeholder":true,"num":00}]`, "2[\"a\",\v1]", "2[\"a\",\ufeff1]", `2["a",/]`, `2[\u0022a"]`,
	)
	refuses(t, errUTF8,
		"2[\"\xff\"]", "2[\"a\",\"\xc3\"]", "2[\"a\",\"\xed\xa0\x80\"]", "2[\"a\",\"\xc0\x80\"]", "2[\"a\",{\"\xf8\":1}]",
		"2[\"a\",\"\xf4\x90\x80\x80\"]", "2[\"a\",\"\xe2\x82\"]",
	)
	refuses(t, errDepth,
		`2["a",`+strings.Repeat("[", 128)+strings.Repeat("]", 128)+`]`,
		`2["a",`+strings.Repeat("[", 100_000), `2`+strings.Repeat("[", 129), `0`+strings.Repeat(`{"a":`, 129),
	)
}

func TestGuardRefusesPlaceholders(t *testing.T) {
	t.Parallel()
	refuses(t, errPlaceholder,
		`2["buf",{"_placeholder":true,"num":0}]`, `20["buf",{"_placeholder":true,"num":0}]`, `2["a",{"_placeholder":false}]`,
		`2["a",[{"b":{"x":1,"_PLACEHOLDER":null}}]]`, `2["a",{"\u005fplaceholder":1}]`, `2["a",{"_\u0050laceholder":1}]`,
		`30[{"_placeholder":true,"num":0}]`, `0{"_placeholder":true,"num":0}`,
		`51-["b"]`, `51-["b",{"_placeholder":true}]`, `51-["b",{"num":0}]`, `51-["b",{"_placeholder":true,"num":1}]`,
		`51-["b",{"_placeholder":true,"num":-1}]`, `51-["b",{"_placeholder":true,"num":-0}]`, `51-["b",{"_placeholder":true,"num":0.0}]`,
		`51-["b",{"_placeholder":true,"num":0e0}]`, `51-["b",{"_placeholder":true,"num":"0"}]`, `51-["b",{"_placeholder":true,"num":null}]`,
		`51-["b",{"_placeholder":true,"num":18446744073709551616}]`, `51-["b",{"_placeholder":true,"num":9223372036854775807}]`,
		`51-["b",{"_placeholder":1,"num":0}]`, `51-["b",{"_placeholder":false,"num":0}]`, `51-["b",{"_placeholder":"true","num":0}]`,
		`51-["b",{"_placeholder":true,"num":0,"num":9}]`, `51-["b",{"_placeholder":true,"num":0,"NUM":9}]`,
		`51-["b",{"_placeholder":true,"num":0,"n\u0075m":9}]`, `51-["b",{"_placeholder":true,"Num":0}]`,
		`51-["b",{"_placeholder":true,"n\u0075m":0}]`, `51-["b",{"_placeholder":true,"num":0,"data":"AA=="}]`,
		`51-["b",{"_placeholder":true,"num":0,"_placeholder":true}]`, `51-["b",{"_placeholder":true,"_placeholder":true}]`,
		`51-["b",{"_Placeholder":true,"num":0}]`, `51-["b",{"\u005Fplaceholder":true,"num":0}]`,
		`51-["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, `51-["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
		`52-["b",{"_placeholder":true,"num":0}]`, `52-["b",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`,
		`51-["b",{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":0}}]`, `51-["b",{"_placeholder":{"_placeholder":true,"num":0},"num":0}]`,
		`51-["b",{"_placeholder":true,"num":64}]`, `51-["b",{"_placeholder":true,"num":128}]`,
		`61-1["b"]`, `61-1[{"_placeholder":true,"num":1}]`,
	)
}

func refuses(t *testing.T, want error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := testGuard().parse([]byte(text)); !errors.Is(err, want) {
			t.Errorf("parse(%.80q) = %v, want %v", text, err, want)
		}
	}
}

// TestGuardLimits tests the largest accepted value of each limit, and the next.
func TestGuardLimits(t *testing.T) {
	t.Parallel()
	var binary bytes.Buffer
	binary.WriteString(`564-["b"`)
	for n := range 64 {
		fmt.Fprintf(&binary, `,{"_placeholder":true,"num":%d}`, n)
	}
	binary.WriteString("]")
	for name, text := range map[string]string{
		"attachments": binary.String(),
		"namespace":   `0/` + strings.Repeat("x", 1023),
		"query":       `0/a?` + strings.Repeat("x", 1021) + `,{}`,
		"name":        `2["` + strings.Repeat("x", maxName-2) + `"]`,
		"depth":       `2["a",` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `]`,
		"siblings":    `2["a"` + strings.Repeat(`,[[[]]],{"a":{}}`, 1000) + `]`,
	} {
		if _, err := testGuard().parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGuardQuotesNothing checks that no error quotes the client.
func TestGuardQuotesNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`9secret`, `2secret`, `2["a",secret]`, `0/chat,secret`, `5secret-["a"]`, "0/secret\n"} {
		if _, err := testGuard().parse([]byte(text)); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("parse(%q) = %v", text, err)
		}
	}
}

// TestMarksPlaceholder compares with encoding/json, letter by letter, for every
// rune that folds to an ASCII letter or might seem to.
func TestMarksPlaceholder(t *testing.T) {
	t.Parallel()
	const name = "_placeholder"
	runes := []rune{0, '"', '\\', '/', '\b', '\n', 0x2028, 0xd800, 0xfffd, 0x1f600}
	for r := rune(' '); r < 0x250; r++ {
		runes = append(runes, r)
	}
	for c := 'A'; c <= 'z'; c++ {
		for r := unicode.SimpleFold(c); r != c; r = unicode.SimpleFold(r) {
			runes = append(runes, r)
		}
	}
	for i := range name {
		for _, r := range runes {
			for _, letter := range []string{string(r), fmt.Sprintf(`\u%04x`, r&0xffff), fmt.Sprintf(`\u%04X`, r&0xffff), "", `\/`, `\b`} {
				compareMark(t, `"`+name[:i]+letter+name[i+1:]+`"`)
			}
		}
	}
	for _, key := range []string{`""`, `"_placeholder_"`, `"_placeholde"`, `"__placeholder"`, `"` + strings.ToUpper(name) + `"`} {
		compareMark(t, key)
	}
}

func compareMark(t *testing.T, key string) {
	t.Helper()
	var buffer struct {
		Num         uint64
		Placeholder bool `json:"_placeholder"`
		Data        []byte
	}
	if json.Unmarshal([]byte("{"+key+":true}"), &buffer) != nil {
		return // no JSON
	}
	if got := marksPlaceholder([]byte(key)); got != buffer.Placeholder {
		t.Errorf("marksPlaceholder(%s) = %t, encoding/json says %t", key, got, buffer.Placeholder)
	}
}
