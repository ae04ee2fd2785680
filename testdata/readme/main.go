// Command readme is the README's program.
package main

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
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func newApp() (*scs.SessionManager, *plugin.Sessions, http.Handler) {
	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})

	wire := transport.New(transport.Options{}) // takes the place of go-socket.io's own transports
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "click", func(_ socketio.Conn, s *plugin.Session) int {
		manager.Put(s, "clicks", manager.GetInt(s, "clicks")+1) // a *Session is a context.Context: every SCS call takes it
		return manager.GetInt(s, "clicks")
	})
	go server.Serve()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(page(manager)))
	return manager, sessions, mux
}

func main() {
	_, sessions, app := newApp()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	web := &http.Server{Addr: "127.0.0.1:3000", Handler: app, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	<-ctx.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := errors.Join(sessions.Close(ctx), web.Shutdown(ctx)); err != nil {
		log.Print(err)
	}
}

func page(manager *scs.SessionManager) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "seen", true) // the session that the socket will find
		fmt.Fprint(w, `<!doctype html>
<button>click</button> <output></output>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
  var socket = io.connectWithSession();
  document.querySelector('button').onclick = function () {
    socket.emit('click', function (n) { document.querySelector('output').value = n; });
  };
</script>`)
	})
}
