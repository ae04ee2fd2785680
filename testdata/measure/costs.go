package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// counted is how many connections and events of each kind are counted.
const counted = 200

// flushed is when the changes of a PerConnection session have been saved.
const flushed = 1500 * time.Millisecond

// showCosts shows what a session, a connection and an event of each kind cost Redis.
func showCosts(ctx context.Context, r *redisServer) error {
	p := newPages(r.addr)
	visitors, err := p.logInMany(ctx, counted)
	if err != nil {
		return err
	}
	key := "scs:session:" + visitors[0].token
	size, err := redis.Int(r.do("STRLEN", key))
	if err != nil {
		return err
	}
	memory, err := redis.Int(r.do("MEMORY", "USAGE", key, "SAMPLES", 0))
	if err != nil {
		return err
	}
	fmt.Printf("a session of seven short values: %d bytes, which take %d\n", size, memory)
	return errors.Join(showEvents(r, visitors), showStale(r, visitors))
}

// showEvents counts on one node, and then beside another that has sockets of the same
// sessions.
func showEvents(r *redisServer, visitors []*visitor) error {
	node, err := startNode(r.addr)
	if err != nil {
		return err
	}
	defer node.kill()
	err = r.show("a connection, one after the other", func(i int) error { return visitors[i].connect(node.addr) })
	for _, event := range []string{"read", "write", "read each", "write each", "update each"} {
		err = errors.Join(err, r.show("an event: "+event, func(int) error { _, err := visitors[0].ask(event); return err }))
	}
	other, failed := startNode(r.addr)
	if failed != nil {
		return errors.Join(err, failed)
	}
	defer other.kill()
	there := &visitor{token: visitors[0].token}
	return errors.Join(err, there.connect(other.addr),
		r.show("an event: write each, with sockets on two nodes", func(int) error { _, err := visitors[0].ask("write each"); return err }))
}

// showStale counts on a node that trusts notifications.
func showStale(r *redisServer, visitors []*visitor) error {
	node, err := startNode(r.addr, "-stale", "1s")
	if err != nil {
		return err
	}
	defer node.kill()
	err = visitors[0].connect(node.addr)
	for _, event := range []string{"read each", "write each"} {
		err = errors.Join(err, r.show("an event, MaxStale: "+event, func(int) error { _, err := visitors[0].ask(event); return err }))
	}
	return err
}

// show prints the commands that an act takes on average.
func (r *redisServer) show(name string, act func(i int) error) error {
	before := r.calls()
	for i := range counted {
		if err := act(i); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	time.Sleep(flushed)
	after := r.calls()
	var list []string
	for _, command := range slices.Sorted(maps.Keys(after)) {
		if mean := float64(after[command]-before[command]) / counted; mean >= 0.005 {
			list = append(list, fmt.Sprintf("%s %.2f", command, mean))
		}
	}
	fmt.Printf("%s: %s\n", name, strings.Join(list, ", "))
	return nil
}
