// Command vite serves a page that Vite has built: npm install --prefix vite && npm run build --prefix vite && go run ./vite -addr 127.0.0.1:3000
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/alexedwards/scs/v2"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
	"github.com/socketio-sessions/socketio-sessions/store"
)

// While you write the page, npm run dev --prefix vite serves it, and passes on to this what is not the page.
func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	page := flag.String("page", "vite/dist", "the folder that Vite has built")
	flag.Parse()

	manager := scs.New()
	store.Attach(manager, store.NewMemory(), store.Options{})
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
	mux.Handle("POST /visit", sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
	})))
	mux.Handle("/", http.FileServer(http.Dir(*page)))
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, mux))
}
