// Command measure shows what a node takes and what it does when its Redis fails. It
// starts a redis-server of its own, and nodes, which are this program as well. It exits
// with 1 when a bound is broken.
//
//	go build -o bin/measure ./testdata/measure && bin/measure numbers
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// commands are what people call, and what the program starts by itself.
var commands = map[string]func(context.Context, []string) error{
	"byhand":  runByHand,
	"faults":  runFaults,
	"numbers": runNumbers,
	"node":    runNode,
	"home":    runHome,
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // who reads on no more must not leave a Redis behind
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := errors.New("want a command: byhand, faults or numbers")
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		err = commands[os.Args[1]](ctx, os.Args[2:])
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
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
