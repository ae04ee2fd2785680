package main

import (
	"cmp"
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

func (g *graph) count() int { return len(g.names) }

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
	slices.SortFunc(up, func(a, b arrow) int {
		return cmp.Or(cmp.Compare(place[a.from], place[b.from]), cmp.Compare(place[a.to], place[b.to]))
	})
	return up
}

// restarts is how many random orders are improved besides the greedy one. The
// problem is NP-hard; for a package of 40 files, this many find what more do.
const restarts = 400

// order returns the files in an order in which few arrows run up. It is the
// same in every run.
func (g *graph) order() []int {
	best := g.improve(g.greedy())
	fewest := len(g.up(best))
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // no secret
	for range restarts {
		other := g.improve(random.Perm(len(g.files)))
		if n := len(g.up(other)); n < fewest {
			best, fewest = other, n
		}
	}
	return best
}

// greedy puts next, again and again, the file of those left that names most and
// is named least (Eades, Lin, Smyth).
func (g *graph) greedy() []int {
	left := make([]int, len(g.files))
	for i := range left {
		left[i] = i
	}
	order := make([]int, 0, len(left))
	for len(left) > 0 {
		next := slices.MinFunc(left, func(a, b int) int { return cmp.Compare(g.cost(a, left), g.cost(b, left)) })
		order = append(order, next)
		left = slices.DeleteFunc(left, func(file int) bool { return file == next })
	}
	return order
}

// cost returns what it costs to have a file above others.
func (g *graph) cost(file int, others []int) int {
	sum := 0
	for _, other := range others {
		sum += g.weight(file, other)
	}
	return sum
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
