// Command chi serves Socket.IO with sessions beside a chi router: go run ./chi -addr 127.0.0.1:3000
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	flag.Parse()

	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "visits", func(_ socketio.Conn, s *plugin.Session) int {
		return manager.GetInt(s, "visits")
	})
	go server.Serve()

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, routes(manager, sessions)))
}

func routes(manager *scs.SessionManager, sessions *plugin.Sessions) http.Handler {
	router := chi.NewRouter()
	router.Use(sessions.LoadAndSave)
	router.Handle("/socket.io/*", sessions)
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
		fmt.Fprintf(w, page, manager.GetInt(r.Context(), "visits"))
	})
	return router
}

const page = `<!doctype html><meta charset="utf-8"><title>chi</title><p>visit %d, and the socket says <output></output></p>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
var socket = io.connectWithSession();
socket.on('connect', function () {
  socket.emit('visits', function (n) { document.querySelector('output').value = n; });
});
</script>`
