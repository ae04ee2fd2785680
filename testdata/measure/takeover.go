package main

import (
	"context"
	"fmt"
	"time"
)

// showTakeover kills the node, and shows when the other serves its sockets. Their clients
// come back as real ones do.
func (n *numbers) showTakeover(ctx context.Context) error {
	if ctx.Err() != nil {
		return nil
	}
	before, err := n.clients.tell()
	if err != nil {
		return err
	}
	cpu, commands := n.next.cpu(), n.redis.commands()
	start := time.Now()
	n.node.kill()
	var at []time.Duration // when half, 99 % and all are served
	var came []int         // by 100 ms
	t := before
	for len(at) < 3 && time.Since(start) < time.Minute && ctx.Err() == nil {
		pause(ctx, 100*time.Millisecond)
		if t, err = n.clients.tell(); err != nil {
			return err
		}
		came = append(came, t.Came-before.Came)
		for _, share := range []int{50, 99, 100}[len(at):] {
			if 100*(t.Came-before.Came) >= share*n.clients.all {
				at = append(at, time.Since(start).Round(100*time.Millisecond))
			}
		}
	}
	if len(at) < 3 {
		return fmt.Errorf("a minute after the node was killed the other serves %d of %d sockets", t.Open, n.clients.all)
	}
	peak := 0
	for i := range came {
		peak = max(peak, came[i]-append([]int{0}, came...)[max(0, i-9)])
	}
	fmt.Printf("the node killed, its %d sockets served by another: half after %v, 99 %% after %v, all after %v; at most %d connects in a second, %d attempts failed; %v CPU of the node, %.1f commands for each\n",
		n.clients.all, at[0], at[1], at[2], peak, t.Failed-before.Failed, n.next.cpu()-cpu, float64(n.redis.commands()-commands)/float64(n.clients.all))
	return nil
}
