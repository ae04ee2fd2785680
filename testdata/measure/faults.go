package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// runFaults shows what a node does on a Redis that fails: how much it asks of Redis, how
// soon it is quiet again, and whether anything acknowledged is lost. It fails when a
// bound is broken.
func runFaults(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("faults", flag.ExitOnError)
	sockets := flags.Int("sockets", 20000, "how many sockets the crowd has, each with a session of its own")
	idle := flags.Duration("idle", 30*time.Second, "how long the crowd does nothing at first")
	writers := flags.Int("writers", 200, "how many sockets write while Redis fails, and send events as fast as they can")
	only := flags.String("only", "", "costs, load, crowd or writes; default all")
	_ = flags.Parse(args)
	return showFaults(ctx, fit(*sockets), *idle, *writers, *only)
}

func showFaults(ctx context.Context, sockets int, idle time.Duration, writers int, only string) (err error) {
	folder, err := os.MkdirTemp("", "measure-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r, err := startRedis(folder)
	if err != nil {
		return err
	}
	defer r.kill()
	fmt.Println("Redis", r.version())
	for _, part := range []struct {
		name string
		show func() error
	}{
		{"costs", func() error { return showCosts(ctx, r) }},
		{"load", func() error { return showLoad(ctx, r, writers) }},
		{"crowd", func() error { return showCrowd(ctx, r, sockets, idle) }},
		{"writes", func() error { return showWrites(ctx, r, writers) }},
	} {
		if (only == "" || only == part.name) && ctx.Err() == nil {
			err = errors.Join(err, part.show())
		}
	}
	return errors.Join(err, ctx.Err())
}
