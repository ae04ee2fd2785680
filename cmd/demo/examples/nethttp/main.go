// Command nethttp keeps its sessions in Redis and ends gracefully: go run ./nethttp -redis redis://127.0.0.1:6379
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	url := flag.String("redis", "redis://127.0.0.1:6379", "where the sessions are")
	notice := flag.Duration("notice", 0, "how long the balancer takes to ask /readyz")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	pool := &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
		return redis.DialURL(*url, redis.DialConnectTimeout(time.Second), redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
	}}
	manager := scs.New()
	store.Attach(manager, redisstore.New(pool), store.Options{})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "visits", func(_ socketio.Conn, s *plugin.Session) int { return manager.GetInt(s, "visits") })
	go server.Serve()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := sessions.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	mux.Handle("/{$}", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
		fmt.Fprintf(w, page, manager.GetInt(r.Context(), "visits"))
	})))
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { log.Print(web.Serve(listener)) }() // until Shutdown
	fmt.Println("listening on http://" + listener.Addr().String())
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	sessions.Drain()
	time.Sleep(*notice)
	if err := errors.Join(sessions.Close(ctx), web.Shutdown(ctx)); err != nil {
		log.Print(err)
	}
}

const page = `<!doctype html><meta charset="utf-8"><title>net/http</title><p>visit %d, and the socket says <output></output></p>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>var socket = io.connectWithSession();
socket.on('connect', () => socket.emit('visits', (n) => document.querySelector('output').value = n));</script>`
