package main

import (
	"context"
	"fmt"
)

// showConnects shows how many sockets a second a node takes for long: each closes, and
// another opens, beside all the others, who go on talking.
func (n *numbers) showConnects(ctx context.Context) error {
	if n.churned == 0 || ctx.Err() != nil {
		return nil
	}
	before, err := n.look()
	if err != nil {
		return err
	}
	t, err := n.clients.churn(n.churned, 0)
	if err != nil {
		return err
	}
	after, err := n.look()
	if err != nil {
		return err
	}
	came, seconds := float64(after.Came-before.Came), after.at.Sub(before.at).Seconds()
	fmt.Printf("connects beside %d sockets: %.0f a second for %.0f s, as many close; each takes %.0f µs CPU of the node and %.1f commands, talk included; 99 %% of the events answered in %.0f ms\n\n",
		t.Open, came/seconds, seconds, micros(after.cpu-before.cpu, int64(came)), float64(after.commands-before.commands)/came, millis(t.Slow))
	return n.allThere(t)
}

// allThere returns an error when sockets are missing.
func (n *numbers) allThere(t tally) error {
	if t.Open != n.clients.all || t.Lost > 0 {
		return fmt.Errorf("%d of %d sockets are open, %d were lost", t.Open, n.clients.all, t.Lost)
	}
	return nil
}
