package main

import (
	"embed"
	"fmt"
	"strings"
)

// sources are the files that the page shows lines of, as they were compiled.
//
//go:embed chat.go demo.go devices.go http.go sockets.go store.go page/*.js
var sources embed.FS

// A snippet is what the page shows beside an action: the lines that do it.
type snippet struct {
	File  string // seen from this folder
	Line  int    // of the first
	Lines []string
}

// cut takes n lines of a source, from the first line that holds start on. It fails where
// the source has moved on, so that the page never shows what is not so.
func cut(file, start string, n int) (snippet, error) {
	source, err := sources.ReadFile(file)
	if err != nil {
		return snippet{}, err
	}
	lines := strings.Split(string(source), "\n")
	for i, line := range lines {
		if strings.Contains(line, start) && i+n <= len(lines) {
			return snippet{file, i + 1, dedent(lines[i : i+n])}, nil
		}
	}
	return snippet{}, fmt.Errorf("%s: no %d lines from %q on", file, n, start)
}

// dedent takes the first line's indentation from all lines.
func dedent(lines []string) []string {
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t"))]
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimPrefix(line, indent)
	}
	return out
}
