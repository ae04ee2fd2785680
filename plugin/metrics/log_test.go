package metrics_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The README's table of the log's keys has those that the source uses, and no others.
func TestReadmeNamesEachLogKey(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, root := range []string{"../../plugin", "../../store"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				var file *ast.File
				if file, err = parser.ParseFile(token.NewFileSet(), path, nil, 0); err == nil {
					ast.Inspect(file, func(n ast.Node) bool { noteKeys(used, file, n); return true })
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	named := make(map[string]bool)
	for _, row := range cells(t, "README.md", "## The log's keys") {
		for _, key := range strings.Split(row[0], ",") {
			named[strings.Trim(key, " `")] = true
		}
	}
	if !maps.Equal(used, named) {
		t.Errorf("the README has %v, want %v", slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(used)))
	}
}

var loggers = regexp.MustCompile(`(?i)\blog(ger)?(Or\(.*\))?$`)

// noteKeys notes the keys of a call of a logger, and of slog's attributes.
func noteKeys(keys map[string]bool, file *ast.File, n ast.Node) {
	call, _ := n.(*ast.CallExpr)
	if call == nil {
		return
	}
	method, _ := call.Fun.(*ast.SelectorExpr)
	if method == nil {
		return
	}
	switch of, name := types.ExprString(method.X), method.Sel.Name; {
	case of == "slog" && slices.Contains([]string{"Any", "Bool", "Duration", "Int", "String"}, name):
		noteLiterals(keys, call.Args[:1])
	case !loggers.MatchString(of) || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name):
	case call.Ellipsis.IsValid():
		noteList(keys, file)
	default:
		noteLiterals(keys, call.Args[1:])
	}
}

// noteList notes the keys of a file whose logger is given a list.
func noteList(keys map[string]bool, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if n.Type != nil && types.ExprString(n.Type) == "[]any" {
				noteLiterals(keys, n.Elts)
			}
		case *ast.CallExpr:
			if types.ExprString(n.Fun) == "append" && types.ExprString(n.Args[0]) == "args" {
				noteLiterals(keys, n.Args[1:])
			}
		}
		return true
	})
}

// noteLiterals notes every second of some arguments.
func noteLiterals(keys map[string]bool, args []ast.Expr) {
	for i := 0; i < len(args); i += 2 {
		if literal, ok := args[i].(*ast.BasicLit); ok {
			if key, err := strconv.Unquote(literal.Value); err == nil {
				keys[key] = true
			}
		}
	}
}
