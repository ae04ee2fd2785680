package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every Go block of the README, and of those of the folders, stands in a program or
// example that compiles.
func TestReadme(t *testing.T) {
	t.Parallel()
	const root = "../../"
	var readme []byte
	for _, name := range []string{"README.md", "plugin/README.md", "store/README.md", "store/DATA.md"} {
		b, err := os.ReadFile(root + name)
		if err != nil {
			t.Fatal(err)
		}
		readme = append(readme, b...)
	}
	var compiled strings.Builder
	for _, pattern := range []string{"testdata/readme/*.go", "cmd/demo/examples/*/*.go", "plugin/example*_test.go", "plugin/*/example*_test.go", "store/example*_test.go", "store/*/example*_test.go"} {
		files, err := filepath.Glob(root + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			compiled.WriteString(flat(string(b)))
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 5 {
		t.Fatalf("the README has %d Go blocks", len(blocks))
	}
	for _, block := range blocks {
		for _, part := range strings.Split(block[1], "// …\n") {
			if !strings.Contains(compiled.String(), flat(part)) {
				t.Errorf("no program or example contains:\n%s", part)
			}
		}
	}
}

// The page for operators has the nginx.conf that the tests with real clients run.
func TestDeploy(t *testing.T) {
	t.Parallel()
	const root = "../../"
	page, err := os.ReadFile(root + "plugin/DEPLOY.md")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := os.ReadFile(root + "testdata/deploy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```nginx\n"+string(conf)+"```\n") {
		t.Error("plugin/DEPLOY.md does not quote testdata/deploy/nginx.conf")
	}
}

// flat drops indentation and blank lines.
func flat(code string) string {
	return regexp.MustCompile(`\s*\n\s*`).ReplaceAllString(strings.TrimSpace(code)+"\n", "\n")
}
