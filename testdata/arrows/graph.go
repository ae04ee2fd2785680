package main

import (
	"math/rand/v2"
	"slices"
)

// An arrow runs from one file to another, by their indexes.
type arrow struct{ from, to int }

// A graph is the files of a package and the arrows between them.
type graph struct {
	files []string
	names map[arrow]string // of every arrow, the first identifier that it stands for
}

// weight returns what it costs to have file a above file b: 1 if b names a, less
// 1 if a names b.
func (g *graph) weight(a, b int) int {
	w := 0
	if _, ok := g.names[arrow{b, a}]; ok {
		w++
	}
	if _, ok := g.names[arrow{a, b}]; ok {
		w--
	}
	return w
}

// up returns the arrows that run up in an order, by file.
func (g *graph) up(order []int) []arrow {
	place := make([]int, len(order))
	for i, file := range order {
		place[file] = i
	}
	var up []arrow
	for a := range g.names {
		if place[a.from] > place[a.to] {
			up = append(up, a)
		}
	}
	line := func(a arrow) int { return place[a.from]*len(order) + place[a.to] }
	slices.SortFunc(up, func(a, b arrow) int { return line(a) - line(b) })
	return up
}

// starts is how many random orders are improved. The problem is NP-hard; for a
// package of 50 files, more starts find nothing better.
const starts = 400

// order returns the files in an order in which few arrows run up. It is the
// same in every run.
func (g *graph) order() (best []int) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	for range starts {
		other := g.improve(random.Perm(len(g.files)))
		if best == nil || len(g.up(other)) < len(g.up(best)) {
			best = other
		}
	}
	return best
}

// improve moves single files to better places until there are none.
func (g *graph) improve(order []int) []int {
	for moved := true; moved; {
		moved = false
		for _, file := range slices.Clone(order) {
			from := slices.Index(order, file)
			if to := g.place(order, from); to != from {
				order = slices.Insert(slices.Delete(order, from, from+1), to, file)
				moved = true
			}
		}
	}
	return order
}

// place returns where in the order the file at from belongs: from itself unless
// another place is better.
func (g *graph) place(order []int, from int) int {
	file, best, to := order[from], 0, from
	for i, cost := from-1, 0; i >= 0; i-- {
		if cost += g.weight(file, order[i]); cost < best {
			best, to = cost, i
		}
	}
	for i, cost := from+1, 0; i < len(order); i++ {
		if cost -= g.weight(file, order[i]); cost < best {
			best, to = cost, i
		}
	}
	return to
}
