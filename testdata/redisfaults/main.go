// Command redisfaults shows what a node does on a Redis that fails: how much it asks
// of Redis, how soon it is quiet again, and whether anything acknowledged is lost. It
// starts a redis-server of its own, and nodes, which are this program as well. It exits
// with 1 when a bound is broken.
//
//	go build -o bin/redisfaults ./testdata/redisfaults && bin/redisfaults
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "node" {
		exit(runNode(os.Args[2:]))
	}
	sockets := flag.Int("sockets", 20000, "how many sockets the crowd has, each with a session of its own")
	idle := flag.Duration("idle", 30*time.Second, "how long the crowd does nothing at first")
	writers := flag.Int("writers", 200, "how many sockets write while Redis fails, and send events as fast as they can")
	only := flag.String("only", "", "costs, load, crowd or writes; default all")
	flag.Parse()
	signal.Ignore(syscall.SIGPIPE) // who reads on no more must not leave a Redis behind
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, fit(*sockets), *idle, *writers, *only)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "redisfaults:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fit returns as many of the sockets as a process may open, and says so.
func fit(sockets int) int {
	const others = 200 // files that are no sockets of the crowd
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= uint64(sockets+others) { //nolint:gosec // a count
		return sockets
	}
	fmt.Printf("a process may open %d files here: %d sockets, not %d\n", limit.Cur, limit.Cur-others, sockets)
	return int(limit.Cur) - others //nolint:gosec // less than sockets
}

func run(ctx context.Context, sockets int, idle time.Duration, writers int, only string) (err error) {
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

// pause waits, unless the program is interrupted.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// within waits for what must happen in time.
func within(limit time.Duration, what string, ok func() bool) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for late := time.After(limit); !ok(); {
		select {
		case <-again.C:
		case <-late:
			return errors.New("not in time: " + what)
		}
	}
	return nil
}
