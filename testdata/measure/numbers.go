package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// numbers are what is measured of a node, and how.
type numbers struct {
	counts  []int // sockets, ascending
	size    int   // bytes of a session
	every   time.Duration
	event   string
	housed  int // clients in a process
	atOnce  int
	watched time.Duration
	churned time.Duration
	soaked  time.Duration
	sampled time.Duration
	rate    float64 // clients that leave and come back in the soak, a second

	redis   *redisServer
	node    *process // all are connected to
	next    *process // takes over
	pages   *pages
	clients *clients
}

// runNumbers shows what a node takes: memory, CPU and Redis, by the number of its sockets,
// each with a session of its own, of which every second talks. Then how many connect a
// second, whether what is in use stays the same over a time, and how soon another node
// serves the sockets of one that was killed. It fails when sockets are lost, or when what
// is in use grows.
func runNumbers(ctx context.Context, args []string) error {
	var n numbers
	flags := flag.NewFlagSet("numbers", flag.ExitOnError)
	counts := flags.String("counts", "1000,5000,13000", "how many sockets, ascending, comma-separated")
	flags.IntVar(&n.size, "size", 4096, "bytes of a session")
	flags.DurationVar(&n.every, "every", 10*time.Second, "between two events of a socket that talks")
	each := flags.Bool("permessage", false, "events are PerMessage; else PerConnection")
	flags.IntVar(&n.housed, "housed", 4500, "how many clients live in a process")
	flags.IntVar(&n.atOnce, "at-once", 64, "how many connect at once")
	flags.DurationVar(&n.watched, "watch", 30*time.Second, "how long the node is watched with each number of sockets")
	flags.DurationVar(&n.churned, "connect", 20*time.Second, "how long sockets connect as fast as they can")
	flags.DurationVar(&n.soaked, "soak", 10*time.Minute, "how long the soak is; 0: none")
	flags.DurationVar(&n.sampled, "sample", 10*time.Second, "between two samples of the soak")
	flags.Float64Var(&n.rate, "churn", 20, "how many sockets a second are replaced in the soak")
	limit := flags.Duration("limit", 30*time.Minute, "when all ends, done or not")
	_ = flags.Parse(args)
	n.event = "write"
	if *each {
		n.event = "write each"
	}
	for text := range strings.SplitSeq(*counts, ",") {
		count, err := strconv.Atoi(text)
		if err != nil || count < 1 {
			return fmt.Errorf("-counts %s: want numbers", *counts)
		}
		n.counts = append(n.counts, fit(count))
	}
	slices.Sort(n.counts)
	ctx, stop := context.WithTimeout(ctx, *limit)
	defer stop()
	return n.show(ctx)
}

// show starts all that takes part, and shows one part after the other.
func (n *numbers) show(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "measure-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if n.redis, err = startRedis(folder); err != nil {
		return err
	}
	defer n.redis.kill()
	if _, err := n.redis.do("CONFIG", "SET", "appendfsync", "everysec"); err != nil {
		return err
	}
	for _, node := range []**process{&n.node, &n.next} {
		if *node, err = startNode(n.redis.addr); err != nil {
			return err
		}
		defer (*node).kill()
	}
	n.pages = newPages(n.redis.addr)
	n.pages.padding = n.size
	homes := (slices.Max(n.counts) + n.housed - 1) / n.housed
	n.clients, err = startClients(ctx, homes, []string{n.node.addr, n.next.addr},
		"-every", n.every.String(), "-event", n.event, "-at-once", strconv.Itoa(max(1, n.atOnce/homes)))
	defer n.clients.kill()
	if err != nil {
		return err
	}
	fmt.Printf("Redis %s. Sockets by websocket, each with a session of %d bytes; every second sends %q every %v.\n\n",
		n.redis.version(), n.size, n.event, n.every)
	return errors.Join(n.showSizes(ctx), n.showConnects(ctx), n.showSoak(ctx), n.showTakeover(ctx), ctx.Err())
}
