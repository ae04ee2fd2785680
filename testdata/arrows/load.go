package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A listing is what the go command says of a package.
type listing struct {
	ImportPath string
	Dir        string
	GoFiles    []string // without tests, for this platform
	Export     string   // the file with its compiled declarations
	DepOnly    bool     // it is only imported
}

// list asks the go command for the package in dir and all that it imports. The
// go command compiles what it has not compiled yet.
func list(dir string) (pkg listing, exports map[string]string, err error) {
	command := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Dir,GoFiles,Export,DepOnly", ".")
	command.Dir = dir
	out, err := command.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return pkg, nil, fmt.Errorf("list %s: %w: %s", dir, err, bytes.TrimSpace(exit.Stderr))
	} else if err != nil {
		return pkg, nil, fmt.Errorf("list %s: %w", dir, err)
	}
	exports = make(map[string]string)
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listing
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return pkg, exports, nil
		} else if err != nil {
			return pkg, nil, fmt.Errorf("list %s: %w", dir, err)
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			pkg = p
		}
	}
}

// load reads and type-checks the package in dir.
func load(dir string) (*graph, error) {
	pkg, exports, err := list(dir)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	if _, err = config.Check(pkg.ImportPath, fset, files, info); err != nil {
		return nil, err
	}
	return newGraph(fset, pkg, info.Uses), nil
}

// newGraph draws the arrows. Only what is declared outside of functions can be
// used in another file, so the place of a declaration tells enough.
func newGraph(fset *token.FileSet, pkg listing, uses map[*ast.Ident]types.Object) *graph {
	g := &graph{files: pkg.GoFiles, names: make(map[arrow]string)}
	index := make(map[string]int)
	for i, name := range pkg.GoFiles {
		index[filepath.Join(pkg.Dir, name)] = i
	}
	idents := make([]*ast.Ident, 0, len(uses))
	for ident := range uses {
		idents = append(idents, ident)
	}
	slices.SortFunc(idents, func(a, b *ast.Ident) int { return cmp.Compare(a.Pos(), b.Pos()) })
	for _, ident := range idents {
		object := uses[ident]
		if object.Pkg() == nil || object.Pkg().Path() != pkg.ImportPath || !object.Pos().IsValid() {
			continue
		}
		a := arrow{index[fset.File(ident.Pos()).Name()], index[fset.File(object.Pos()).Name()]}
		if _, known := g.names[a]; a.from != a.to && !known {
			g.names[a] = ident.Name
		}
	}
	return g
}
