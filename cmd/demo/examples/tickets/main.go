// Command tickets has its sockets at another site than its pages, where no cookie comes: go run ./tickets -addr 127.0.0.1:3000
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	flag.Parse()
	pages, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	sockets, err := net.Listen("tcp", "127.0.0.1:0") // say, wss://sockets.example.net
	if err != nil {
		log.Fatal(err)
	}

	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})
	wire := transport.New(transport.Options{AllowedOrigins: []string{"http://" + pages.Addr().String()}})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire, Tickets: true})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "visits", func(_ socketio.Conn, s *plugin.Session) int { return manager.GetInt(s, "visits") })
	go server.Serve()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions) // the script, and the tickets: for these the page's cookie comes
	mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
		fmt.Fprint(w, strings.ReplaceAll(page, "SOCKETS", "http://"+sockets.Addr().String()))
	})))
	go func() { // for as long as the process lives
		log.Fatal(http.Serve(sockets, sessions))
	}()
	fmt.Println("listening on http://" + pages.Addr().String())
	log.Fatal(http.Serve(pages, mux))
}

const page = `<!doctype html><meta charset="utf-8"><title>Tickets</title><p></p>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
var socket = io.connectWithSession('SOCKETS', { ticket: true });
socket.on('connect', function () {
  socket.emit('visits', function (n) { document.querySelector('p').textContent = n + ' visits'; });
});
</script>`
