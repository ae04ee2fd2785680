// Command arrows counts how the files of a package depend on each other.
//
//	go run ./testdata/arrows ./plugin ./plugin/internal/wire
//
// An arrow runs from file A to file B when A names an identifier, a method or a
// field that B declares, however often it does so. Tests do not count. The
// command looks for the order of files in which the fewest arrows run up. It
// prints that order from top to bottom, and each arrow that runs up with an
// example. It exits with 1 when a larger share than -max runs up, and with 2 when
// it cannot read a package.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	most := flag.Float64("max", 0.1, "the largest share of arrows that may run up")
	flag.Parse()
	status := 0
	for _, dir := range flag.Args() {
		g, err := load(dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, "arrows:", err)
			os.Exit(2)
		}
		order := g.order()
		report(os.Stdout, dir, g, order)
		if up := g.up(order); float64(len(up)) > *most*float64(len(g.names)) {
			fmt.Printf("  more than %g of them run up\n", *most)
			status = 1
		}
	}
	os.Exit(status)
}

// report prints the order of a package's files, and what runs up in it.
func report(w io.Writer, dir string, g *graph, order []int) {
	up, all := g.up(order), len(g.names)
	share := 100 * float64(len(up)) / float64(max(1, all))
	fmt.Fprintf(w, "%s: %d files, %d arrows, %d run up (%.1f %%)\n", dir, len(g.files), all, len(up), share)
	for _, file := range order {
		fmt.Fprintf(w, "  %s\n", g.files[file])
	}
	for _, a := range up {
		fmt.Fprintf(w, "  up: %s -> %s, as %s\n", g.files[a.from], g.files[a.to], g.names[a])
	}
}
