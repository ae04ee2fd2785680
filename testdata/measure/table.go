package main

import (
	"fmt"
	"math"
	"os"
	"text/tabwriter"
)

// showTable shows quantities by the number of sockets.
func showTable(sizes []size) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "\nsockets\t")
	for _, s := range sizes {
		fmt.Fprintf(w, "%d\t", s.sockets)
	}
	for i, q := range quantities {
		fmt.Fprintf(w, "\n%s\t", q.name)
		for _, s := range sizes {
			fmt.Fprintf(w, "%s\t", short(s.values[i]))
		}
	}
	fmt.Fprintln(w)
	_ = w.Flush()
	fmt.Println()
}

// short writes a number with three digits, more only before the point.
func short(x float64) string {
	digits := 0
	if x != 0 {
		digits = max(0, 2-int(math.Floor(math.Log10(math.Abs(x)))))
	}
	return fmt.Sprintf("%.*f", min(digits, 3), x)
}

// showFormula shows the straight line through the first and the last size, and how far
// those between are from it.
func showFormula(name string, sizes []size, i int) {
	if len(sizes) < 2 {
		return
	}
	first, last := sizes[0], sizes[len(sizes)-1]
	slope := (last.values[i] - first.values[i]) / float64(last.sockets-first.sockets)
	base := first.values[i] - slope*float64(first.sockets)
	fmt.Printf("%s = %s + %s × sockets / 1,000; fitted to %s at %d and %s at %d", name, short(base), short(1000*slope),
		short(first.values[i]), first.sockets, short(last.values[i]), last.sockets)
	for _, s := range sizes[1 : len(sizes)-1] {
		says := base + slope*float64(s.sockets)
		fmt.Printf("; at %d it says %s, measured %s: %+.1f %%", s.sockets, short(says), short(s.values[i]), 100*(says/s.values[i]-1))
	}
	fmt.Println()
}
