package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// indexOf is where ARCHITECTURE.md lists what each file has in it.
const indexOf = "## Where does my line go?"

var (
	row    = regexp.MustCompile(`(?m)^\| (.*?) \| (.*) \|$`)
	folder = regexp.MustCompile(`\]\(([\w/]+)\)`)
	listed = regexp.MustCompile("[`/]([\\w.-]+\\.(?:go|js))[`)]")
)

// The index of ARCHITECTURE.md names every Go file of the folders that it lists, and
// no file that is not there. A row belongs to the folders that it links, else to the one
// that its first word names, as in "wire: a client gets".
func TestIndex(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, index, _ := strings.Cut(string(text), indexOf)
	named := make(map[string]map[string]bool) // by folder, the files
	byName := make(map[string]string)
	for _, r := range row.FindAllStringSubmatch(index, -1)[2:] { // not the table's head
		folders := foldersOf(r[1]+r[2], byName)
		if first, _, ok := strings.Cut(r[1], ":"); ok && byName[first] != "" {
			folders = append(folders, byName[first])
		}
		for _, dir := range folders {
			if named[dir] == nil {
				named[dir] = make(map[string]bool)
			}
			for _, name := range listed.FindAllStringSubmatch(r[2], -1) {
				named[dir][name[1]] = true
			}
		}
		for _, name := range listed.FindAllStringSubmatch(r[2], -1) {
			if !inAny(append(folders, "cmd/demo/page"), name[1]) {
				t.Errorf("the row %q names %s, which is not in %v", r[1], name[1], folders)
			}
		}
	}
	if len(named) < 9 {
		t.Errorf("the index has %d folders", len(named))
	}
	for dir, has := range named {
		if dir == "store/storetest" || dir == "plugin/transport" {
			continue // rows mention them for what they are
		}
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if name := filepath.Base(file); name != "doc.go" && !strings.HasSuffix(name, "_test.go") && !has[name] {
				t.Errorf("the index does not name %s/%s", dir, name)
			}
		}
	}
}

// foldersOf returns the folders that a row links, and notes them by their own name.
func foldersOf(row string, byName map[string]string) (all []string) {
	for _, found := range folder.FindAllStringSubmatch(row, -1) {
		all = append(all, found[1])
		byName[filepath.Base(found[1])] = found[1]
	}
	return all
}

func inAny(folders []string, name string) bool {
	for _, dir := range folders {
		if exists(filepath.Join("../..", dir, name)) {
			return true
		}
	}
	return false
}
