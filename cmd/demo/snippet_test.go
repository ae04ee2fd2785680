package main

import (
	"html"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The code that the page shows beside its actions stands in the demo's own sources, where
// the page says.
func TestShownCode(t *testing.T) {
	t.Parallel()
	body := start(t, "-faults", "-client", clientFile(t)).visitor(t).want("GET", "/", nil, http.StatusOK).body
	figures := regexp.MustCompile(`<figcaption>cmd/demo/([^ ]+), line (\d+)</figcaption>\s*<pre><code data-file="([^"]+)">(.*?)</code>`).FindAllStringSubmatch(body, -1)
	if want := strings.Count(body, "<figure"); len(figures) != want || want < 12 {
		t.Fatalf("%d of %d figures understood, want all, and a dozen", len(figures), want)
	}
	for _, figure := range figures {
		source, err := os.ReadFile(figure[3])
		if err != nil || figure[1] != figure[3] {
			t.Errorf("%s, %s: %v", figure[1], figure[3], err)
			continue
		}
		first, _ := strconv.Atoi(figure[2])
		lines := strings.Split(string(source), "\n")
		shown := regexp.MustCompile(`<span>(.*?)</span>`).FindAllStringSubmatch(figure[4], -1)
		if len(shown) == 0 || len(shown) > 6 {
			t.Errorf("%s: %d lines are shown", figure[1], len(shown))
		}
		for i, line := range shown {
			want := strings.TrimSpace(lines[first-1+i])
			if got := strings.TrimSpace(html.UnescapeString(line[1])); got != want || got == "" {
				t.Errorf("%s, line %d: the page shows %q, want %q", figure[1], first+i, got, want)
			}
		}
	}
}

// A page that would show what the source does not hold is not made.
func TestCodeThatHasMovedOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file, start string
		n           int
	}{
		{"sockets.go", "func (d *demo) nobody(", 1},
		{"sockets.go", "package main", 100000},
		{"nowhere.go", "package main", 1},
	} {
		if got, err := cut(test.file, test.start, test.n); err == nil {
			t.Errorf("%v: got %v", test, got)
		}
	}
}

// The command of a second server names the store and what else both must share, and no
// password.
func TestNodeCommand(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"": "go run ./cmd/demo -store redis://127.0.0.1:6379/0 -addr ",
		"-scope message -path /io -store redis://10.0.0.1:6380/2":  "go run ./cmd/demo -store redis://10.0.0.1:6380/2 -scope message -path /io -addr ",
		"-store redis://me:secret@10.0.0.1:6380/2?password=secret": "go run ./cmd/demo -store redis://me:PASSWORD@10.0.0.1:6380/2 -addr ",
	} {
		config, err := parseFlags(strings.Fields(args), os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		if got := nodeCommand(config); got != want {
			t.Errorf("%s: got %s, want %s", args, got, want)
		}
	}
}
