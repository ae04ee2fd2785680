// Command mirror is the server that the end-to-end tests put real clients
// before: it gives back what it gets, pushes numbered events from a client's
// first moment on, and counts who comes and goes.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// endLimit is how long a graceful end may take.
const endLimit = 3 * time.Second

type config struct {
	addr         string
	origins      []string
	pingInterval time.Duration
	pingTimeout  time.Duration
	stock        bool
	client       string
	redis        string
	maxWaiting   int
	storeGrace   time.Duration
}

func main() {
	var c config
	flag.StringVar(&c.addr, "addr", "127.0.0.1:0", "listen address")
	origins := flag.String("origins", "", "further origins that may connect, comma-separated")
	flag.DurationVar(&c.pingInterval, "ping-interval", 25*time.Second, "time between heartbeats")
	flag.DurationVar(&c.pingTimeout, "ping-timeout", 20*time.Second, "how long a heartbeat may take")
	flag.BoolVar(&c.stock, "stock", false, "use go-socket.io's own transports")
	flag.StringVar(&c.client, "client", "", "the socket.io.js that /client.js serves")
	flag.StringVar(&c.redis, "redis", "", "host:port of a Redis that has the sessions; none: memory")
	flag.IntVar(&c.maxWaiting, "max-waiting", 0, "MaxWaitingBytes of the wire")
	flag.DurationVar(&c.storeGrace, "store-grace", 0, "StoreGrace of the sessions")
	flag.Parse()
	if *origins != "" {
		c.origins = strings.Split(*origins, ",")
	}
	if err := serve(c); err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}

// A mirror is the running program.
type mirror struct {
	manager  *scs.SessionManager
	server   *socketio.Server
	sessions *plugin.Sessions
	ledger   ledger
}

// newPool returns a pool as README has it.
func newPool(addr string) *redis.Pool {
	return &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", addr, redis.DialConnectTimeout(time.Second),
			redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
	}}
}

// serve runs the mirror until it is interrupted.
func serve(c config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := &mirror{manager: scs.New()}
	var backend store.Backend = store.NewMemory()
	if c.redis != "" {
		backend = redisstore.New(newPool(c.redis))
	}
	store.Attach(m.manager, backend, store.Options{})
	var err error
	if m.server, m.sessions, err = enable(m.manager, c); err != nil {
		return err
	}
	m.handle()
	m.handleRooms()
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	web := &http.Server{
		Handler:           m.routes(c.client),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	go m.server.Serve() // for as long as the process lives
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }() // until Shutdown
	fmt.Println("listening on http://" + listener.Addr().String())
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	if err := m.sessions.Close(ending); err != nil {
		return err
	}
	if err := web.Shutdown(ending); err != nil {
		return web.Close() // what is still running has had its time
	}
	return nil
}
