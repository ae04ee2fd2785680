// Command redisfaults shows what the demo does on a Redis that fails: how much it asks
// of Redis, how soon it is quiet again, and whether anything acknowledged is lost. It
// starts a redis-server and a demo of its own, and exits with 1 when a bound is broken.
//
//	go build -o bin/demo ./cmd/demo && go run ./testdata/redisfaults -demo bin/demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	demo := flag.String("demo", "bin/demo", "the demo's `program`")
	sockets := flag.Int("sockets", 19000, "how many sockets the crowd has, each with a session of its own; a process may open 20,000 files here")
	writers := flag.Int("writers", 200, "how many sockets write while Redis fails")
	only := flag.String("only", "", "crowd or writes; default both")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *demo, *sockets, *writers, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "redisfaults:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, demo string, sockets, writers int, only string) (err error) {
	folder, err := os.MkdirTemp("", "redisfaults-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r, err := startRedis(folder)
	if err != nil {
		return err
	}
	defer r.kill()
	var broken error
	if only != "writes" {
		broken = showCrowd(ctx, r, demo, sockets)
	}
	if only != "crowd" {
		broken = errors.Join(broken, showWrites(ctx, r, demo, writers))
	}
	return broken
}
