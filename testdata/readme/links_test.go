package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s#]*)(#[^)\s]*)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`([^`\n]+)`")
	test    = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`)
	file    = regexp.MustCompile(`^\w[\w./-]*/[\w./-]*\.(go|md|m?js|txt|mod)$|^\w+\.go$`)
	tests   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// walk calls f with the path of each file of the repository whose name ends so.
func walk(t *testing.T, ending string, f func(path, text string)) {
	t.Helper()
	if err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ending):
			return nil
		}
		b, err := os.ReadFile(path)
		f(path, string(b))
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// documents returns every page of the repository, by path, without its blocks of code.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	walk(t, ".md", func(path, text string) { all[path] = fence.ReplaceAllString(text, "") })
	if len(all) < 8 {
		t.Fatalf("there are %d documents", len(all))
	}
	return all
}

// Every link of a document leads to a file or folder of the repository, and to a
// heading there.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := documents(t)
	for from, text := range all {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			to, anchor := from, found[2]
			if strings.Contains(found[1], ":") {
				continue // elsewhere
			}
			if found[1] != "" {
				to = filepath.Join(filepath.Dir(from), found[1])
			}
			if !exists(to) {
				t.Errorf("%s: there is no %s", from, found[1])
			}
			if anchor != "" && !anchors(all[to])[anchor] {
				t.Errorf("%s: %s has no %s", from, to, anchor)
			}
		}
	}
}

// Every test that a document names is there. So is every file, in the repository, in
// the document's folder, or in go-socket.io.
func TestNames(t *testing.T) {
	t.Parallel()
	known := make(map[string]bool)
	walk(t, "_test.go", func(_, text string) {
		for _, found := range tests.FindAllStringSubmatch(text, -1) {
			known[found[1]] = true
		}
	})
	source, _ := runtime.FuncForPC(reflect.ValueOf(socketio.NewServer).Pointer()).FileLine(0)
	named := 0
	for from, text := range documents(t) {
		text, _, _ = strings.Cut(text, indexOf) // TestIndex looks at that
		for _, found := range code.FindAllStringSubmatch(text, -1) {
			name := found[1]
			switch {
			case test.MatchString(name):
				named++
				if !known[name] {
					t.Errorf("%s: there is no test %s", from, name)
				}
			case file.MatchString(name):
				if !exists("../../"+name) && !exists(filepath.Join(filepath.Dir(from), name)) && !exists(filepath.Join(filepath.Dir(source), name)) {
					t.Errorf("%s: there is no file %s", from, name)
				}
			}
		}
	}
	if named < 20 {
		t.Errorf("the documents name %d tests", named)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// anchors returns the anchors that GitHub gives the headings of a document.
func anchors(text string) map[string]bool {
	all := make(map[string]bool)
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(strings.TrimSpace(found[1]))
		name = regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(name, "")
		all["#"+strings.ReplaceAll(name, " ", "-")] = true
	}
	return all
}
