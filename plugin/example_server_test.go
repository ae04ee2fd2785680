package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
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

// A whole server: sessions in Redis, and an end that loses nothing.
func Example() {
	pool := &redis.Pool{
		MaxIdle: 16,
		Dial: func() (redis.Conn, error) {
			return redis.Dial("tcp", "127.0.0.1:6379", redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
		},
	}
	manager := scs.New()
	store.Attach(manager, redisstore.New(pool), store.Options{})

	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "click", func(_ socketio.Conn, s *plugin.Session) int {
		manager.Put(s, "clicks", manager.GetInt(s, "clicks")+1)
		return manager.GetInt(s, "clicks")
	})
	go server.Serve() // for as long as the process lives

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(clicks(manager)))
	web := &http.Server{Addr: "127.0.0.1:3000", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // until Shutdown, or because it cannot listen
		log.Print(web.ListenAndServe())
		stop()
	}()

	<-ctx.Done()
	sessions.Drain()
	ending, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	// First what is pending is saved, and every socket is told.
	if err := errors.Join(sessions.Close(ending), web.Shutdown(ending)); err != nil {
		log.Print(err)
	}
}

// clicks is the page, which starts the session that its socket finds.
func clicks(manager *scs.SessionManager) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "seen", true)
		fmt.Fprintf(w, `<!doctype html>
<button>click</button> <output>%d</output>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
  var socket = io.connectWithSession();
  document.querySelector('button').onclick = function () {
    socket.emit('click', function (n) { document.querySelector('output').value = n; });
  };
</script>`, manager.GetInt(r.Context(), "clicks"))
	})
}
