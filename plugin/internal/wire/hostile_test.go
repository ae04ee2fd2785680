package wire

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// An attack is what a hostile client sends over one connection.
type attack struct {
	name   string
	frames []frame
}

// hostile reads a file of testdata/hostile. Its README.md describes the format.
func hostile(tb testing.TB, file string) (attacks []attack) {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "hostile", file))
	if err != nil {
		tb.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var a attack
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			if comment, ok := strings.CutPrefix(line, "# "); ok {
				if a.name == "" {
					a.name = comment
				}
				continue
			}
			frames, err := hostileFrames(line)
			if err != nil {
				tb.Fatalf("%s: %q: %v", file, line, err)
			}
			a.frames = append(a.frames, frames...)
		}
		if len(a.frames) > 0 {
			attacks = append(attacks, a)
		}
	}
	return attacks
}

// hostileFrames reads a line: [@times] [b:] terms.
func hostileFrames(line string) (frames []frame, err error) {
	times := 1
	if rest, ok := strings.CutPrefix(line, "@"); ok {
		count, terms, _ := strings.Cut(rest, " ")
		if times, err = strconv.Atoi(count); err != nil {
			return nil, err
		}
		line = terms
	}
	line, binary := strings.CutPrefix(line, "b:")
	data, err := hostileData(line)
	if err != nil {
		return nil, err
	}
	f := frame{binary: binary, data: []byte(data)}
	for n := range times {
		if times > 1 && strings.Contains(data, "%d") {
			f.data = []byte(strings.ReplaceAll(data, "%d", strconv.Itoa(n)))
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// hostileData joins terms: Go strings, each with an optional *times.
func hostileData(terms string) (string, error) {
	var b strings.Builder
	for terms = strings.TrimSpace(terms); terms != ""; terms = strings.TrimSpace(terms) {
		quoted, err := strconv.QuotedPrefix(terms)
		if err != nil {
			return "", err
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			return "", err
		}
		times := 1
		terms = terms[len(quoted):]
		if rest, ok := strings.CutPrefix(terms, "*"); ok {
			count, _, _ := strings.Cut(rest, " ")
			if times, err = strconv.Atoi(count); err != nil {
				return "", err
			}
			terms = rest[len(count):]
		}
		b.WriteString(strings.Repeat(text, times))
	}
	return b.String(), nil
}

func TestHostileFormat(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		line string
		want []frame
	}{
		{"`42[\"a\"]`", []frame{{data: []byte(`42["a"]`)}}},
		{`"\x00" "ab"*3`, []frame{{data: []byte("\x00ababab")}}},
		{`b:"x"`, []frame{{binary: true, data: []byte("x")}}},
		{`@2 "40/%d"`, []frame{{data: []byte("40/0")}, {data: []byte("40/1")}}},
		{`""`, []frame{{data: []byte("")}}},
	} {
		got, err := hostileFrames(row.line)
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %q, %v", row.line, got, err)
		}
	}
	for _, line := range []string{"plain", `"open`, `@x "a"`, `"a"*b`} {
		if _, err := hostileFrames(line); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}
