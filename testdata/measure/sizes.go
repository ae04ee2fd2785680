package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// A size is what was measured with a number of sockets.
type size struct {
	sockets int
	values  []float64 // of quantities
}

// quantities are the rows of the table.
var quantities = []struct {
	name   string
	linear bool // a formula is shown
}{
	{"connects a second, all coming", false},
	{"node: memory (RSS), MB", true},
	{"node: heap after a collection, MB", true},
	{"node: RSS after a collection, MB", true},
	{"node: goroutines", true},
	{"node: CPU, % of a core", true},
	{"node: collections a minute", false},
	{"node: pauses, ms a minute", false},
	{"events a second", false},
	{"events: half answered in, ms", false},
	{"events: 99 % answered in, ms", false},
	{"Redis: commands a second, those in scripts too", true},
	{"Redis: CPU, % of a core", true},
	{"Redis: memory (used_memory), MB", true},
	{"Redis: bytes for a session", false},
	{"Redis: bytes for its channels", false},
	{"Redis: connections of two nodes, one idle", false},
	{"clients: CPU, % of a core", false},
}

// showSizes lets clients come until there are as many as asked for, and watches the node
// with each number of them.
func (n *numbers) showSizes(ctx context.Context) error {
	var sizes []size
	for _, sockets := range n.counts {
		s, err := n.measure(ctx, sockets)
		if err != nil {
			return fmt.Errorf("%d sockets: %w", sockets, err)
		}
		sizes = append(sizes, s)
	}
	showTable(sizes)
	for i, q := range quantities {
		if q.linear {
			showFormula(q.name, sizes, i)
		}
	}
	fmt.Println()
	return nil
}

func (n *numbers) measure(ctx context.Context, sockets int) (s size, err error) {
	fmt.Printf("%d sockets come …\n", sockets)
	empty, coming := n.redis.memory(), sockets-n.clients.all
	visitors, err := n.pages.logInMany(ctx, coming)
	if err != nil {
		return s, err
	}
	stored, tokens := n.redis.memory(), make([]string, coming)
	for i, v := range visitors {
		tokens[i] = v.token
	}
	start := time.Now()
	if _, err := n.clients.come(tokens); err != nil {
		return s, err
	}
	rate := float64(coming) / time.Since(start).Seconds()
	pause(ctx, max(n.every, flushed)) // all that talk have begun
	joined := n.redis.memory()

	before, err := n.look()
	if err != nil {
		return s, err
	}
	pause(ctx, n.watched)
	after, err := n.look()
	if err != nil {
		return s, err
	}
	rss := n.node.rss()
	usage, err := n.node.usage()
	if err != nil {
		return s, err
	}
	seconds := after.at.Sub(before.at).Seconds()
	share := func(from, to time.Duration) float64 { return 100 * (to - from).Seconds() / seconds }
	s = size{sockets, []float64{
		rate,
		mega(rss), float64(usage.HeapMB), mega(n.node.rss()), float64(after.Goroutines),
		share(before.cpu, after.cpu),
		60 * float64(after.Cycles-before.Cycles) / seconds, 60e3 * (after.Paused - before.Paused).Seconds() / seconds,
		float64(after.Answered-before.Answered) / seconds, millis(after.Median), millis(after.Slow),
		float64(after.commands-before.commands) / seconds, share(before.redis, after.redis), mega(n.redis.memory()),
		float64(stored-empty) / float64(coming), float64(joined-stored) / float64(coming),
		float64(n.connections()), share(before.clients, after.clients),
	}}
	if after.Open != sockets || after.Lost > 0 || after.Unanswered > 0 {
		err = fmt.Errorf("%d are open, %d were lost, %d attempts failed, %d events were not answered", after.Open, after.Lost, after.Failed, after.Unanswered)
	}
	return s, err
}

// A glance is what all that takes part has used until a moment.
type glance struct {
	garbage
	tally
	at                  time.Time
	cpu, redis, clients time.Duration
	commands            int
}

func (n *numbers) look() (g glance, err error) {
	if g.tally, err = n.clients.tell(); err != nil {
		return g, err
	}
	g.at, g.cpu, g.redis, g.clients, g.commands = time.Now(), n.node.cpu(), n.redis.cpu(), n.clients.cpu(), n.redis.commands()
	g.garbage, err = n.node.garbage()
	return g, err
}

// connections counts those of Redis that are the nodes'.
func (n *numbers) connections() int {
	all, _ := strconv.Atoi(n.redis.info("clients", "connected_clients"))
	return all - 1 - n.pages.pool.ActiveCount() // the one that asks
}

func mega(bytes int) float64 { return float64(bytes) / (1 << 20) }

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
