package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

// runNode is what a user runs, with the default options. It ends with its input: so it
// does not outlive who has started it.
func runNode(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	addr := flags.String("addr", "", "where it serves")
	server := flags.String("redis", "", "the Redis server's `address`")
	byHand := flags.Bool("by-hand", false, "without the plugin")
	stale := flags.Duration("stale", 0, "plugin.Options.MaxStale")
	_ = flags.Parse(args)
	go func() { // until the process ends
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	newDoor := func(redisAddr string) (http.Handler, error) { return withPlugin(redisAddr, *stale) }
	if *byHand {
		newDoor = withoutPlugin
	}
	door, err := newDoor(*server)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", door)
	mux.HandleFunc("/usage", tellUsage)
	mux.HandleFunc("/garbage", tellGarbage)
	web := http.Server{Addr: *addr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	return web.ListenAndServe()
}

// withPlugin returns what serves sockets.
func withPlugin(redisAddr string, stale time.Duration) (http.Handler, error) {
	manager := scs.New()
	store.Attach(manager, redisstore.New(newPool(redisAddr)), store.Options{})
	wire := transport.New(transport.Options{})
	sockets := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(sockets, manager, plugin.Options{Transport: wire, MaxStale: stale})
	if err != nil {
		return nil, err
	}
	handle(sessions, manager)
	go sockets.Serve() // until the process ends
	return sessions, nil
}

// newPool returns a pool as README has it.
func newPool(addr string) *redis.Pool {
	return &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
		return redis.Dial("tcp", addr, redis.DialConnectTimeout(time.Second),
			redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
	}}
}

// handle registers an event that reads, one that writes, and one that updates, by scope.
func handle(sessions *plugin.Sessions, manager *scs.SessionManager) {
	read := func(_ socketio.Conn, s *plugin.Session) int { return manager.GetInt(s, "n") }
	write := func(_ socketio.Conn, s *plugin.Session) int {
		n := manager.GetInt(s, "n") + 1
		manager.Put(s, "n", n)
		return n
	}
	update := func(c socketio.Conn, s *plugin.Session) (n int, err error) {
		err = s.Update(func(s *plugin.Session) error { n = write(c, s); return nil })
		return n, err
	}
	sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { return nil })
	sessions.OnEvent("/", "read", read)
	sessions.OnEvent("/", "write", write)
	sessions.OnEvent("/", "read each", read, plugin.PerMessage)
	sessions.OnEvent("/", "write each", write, plugin.PerMessage)
	sessions.OnEvent("/", "update each", update, plugin.PerMessage)
	sessions.OnEvent("/", "slow each", func(c socketio.Conn, s *plugin.Session) int { time.Sleep(thinks); return write(c, s) }, plugin.PerMessage)
}

// usage is what a node has in use, after a collection of garbage.
type usage struct{ Goroutines, HeapMB int }

func tellUsage(w http.ResponseWriter, _ *http.Request) {
	runtime.GC()
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	_ = json.NewEncoder(w).Encode(usage{runtime.NumGoroutine(), int(memory.HeapAlloc >> 20)})
}

// garbage is what the collector has done so far.
type garbage struct {
	Goroutines, Cycles int
	Live               uint64        // bytes that its last cycle has found in use
	Paused             time.Duration // all goroutines, in all cycles
}

// tellGarbage collects none.
func tellGarbage(w http.ResponseWriter, _ *http.Request) {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	_ = json.NewEncoder(w).Encode(garbage{runtime.NumGoroutine(), int(stats.NumGC), live[0].Value.Uint64(), stats.PauseTotal})
}
