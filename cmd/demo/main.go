// Command demo shows one session shared by HTTP and Socket.IO: a page to click
// through, and everything behind it that a test can drive from outside.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// startLimit is how long the store may take to answer at the start.
	startLimit = 4 * time.Second
	// webLimit is how long requests may take at the end, when the sockets have left.
	webLimit = time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it serves until ctx ends and returns the exit
// status. What went wrong is one line on stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	config, err := parseFlags(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = serve(ctx, config, stdout, slog.New(slog.NewTextHandler(stderr, nil)))
	}
	if err != nil {
		fmt.Fprintln(stderr, "demo:", err)
		return 1
	}
	return 0
}

// serve runs the demo until ctx ends. Everything that can be wrong with the
// settings is found before the first request is taken.
func serve(ctx context.Context, config config, stdout io.Writer, log *slog.Logger) error {
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	backend, err := openStore(starting, config.store)
	if err != nil {
		return err
	}
	defer backend.Close()

	listener, err := net.Listen("tcp", config.addr)
	if err != nil {
		return err
	}
	demo, err := newDemo(config, backend, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	web := &http.Server{
		Handler:           demo.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go demo.server.Serve() // until close closes it
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }() // until close shuts web down

	fmt.Fprintln(stdout, "listening on", address(listener))
	demo.warnOfMissingClient()
	select {
	case err = <-served:
	case <-ctx.Done():
		demo.drain()
	}
	demo.close(web)
	return err
}

// drain lets a balancer see that it should send no new clients here.
func (d *demo) drain() {
	d.sessions.Drain()
	time.Sleep(d.config.drain)
}

// close ends the sockets before HTTP, so that they are saved and told while
// they are still there. The Socket.IO server is left alone: its Close would end
// the process if a handshake were under way.
func (d *demo) close(web *http.Server) {
	leaving, cancel := context.WithTimeout(context.Background(), d.config.leave)
	defer cancel()
	if err := d.sessions.Close(leaving); err != nil {
		d.log.Error("close sessions", "error", err)
	}
	ending, cancel := context.WithTimeout(context.Background(), webLimit)
	defer cancel()
	if err := web.Shutdown(ending); err != nil {
		_ = web.Close() // what is still running has had its time
	}
}

// address returns the URL to open in a browser.
func address(listener net.Listener) string {
	at := *listener.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + at.String()
}
