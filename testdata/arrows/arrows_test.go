package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestArrows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/house\n\ngo 1.25\n",
		"roof.go":     "package house\n\nimport \"fmt\"\n\nfunc Roof() { new(wall).stand(); fmt.Println(new(wall).height, new(wall).height) }\n",
		"wall.go":     "package house\n\ntype wall struct{ floor; height int }\n\nfunc (w *wall) stand() { w.lie() }\n",
		"floor.go":    "package house\n\ntype floor struct{}\n\nfunc (floor) lie() { local := limit; _ = local }\n\nfunc (floor) lean(w *wall) {}\n",
		"limit.go":    "package house\n\nconst limit = 1\n",
		"lone.go":     "package house\n",
		"a_test.go":   "package house\n\nvar _ = limit\n",
		"b_plan9.go":  "package house\n\nvar _ = limit\n",
		"cellar.txt":  "no Go\n",
		"z/nested.go": "package z\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	report(&out, "house", g, g.order())
	first, rest, _ := strings.Cut(out.String(), "\n")
	if want := "house: 5 files, 4 arrows, 1 run up (25.0 %)"; first != want {
		t.Errorf("got %q, want %q", first, want)
	}
	at := func(name string) int { return strings.Index(rest, "  "+name+"\n") }
	if at("roof.go") > at("wall.go") || at("floor.go") > at("limit.go") {
		t.Errorf("a file stands above one that names it:\n%s", rest)
	}
}

func TestOrderOfACycle(t *testing.T) {
	t.Parallel()
	// Two cycles, 0 1 2 3 and 1 2 3, have two arrows in common.
	g := &graph{files: []string{"0", "1", "2", "3"}, names: map[arrow]string{
		{0, 1}: "a", {1, 2}: "b", {2, 3}: "c", {3, 0}: "d", {3, 1}: "e",
	}}
	if up := g.up(g.order()); len(up) != 1 {
		t.Errorf("%d arrows run up, and one would do", len(up))
	}
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	if _, err := load(t.TempDir()); err == nil {
		t.Error("a folder without a package is read")
	}
}
