// Command chi serves Socket.IO with sessions beside a chi router.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"
	"github.com/go-chi/chi/v5"
	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/store"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	flag.Parse()
	manager, server := scs.New(), socketio.NewServer(nil)
	router, err := newRouter(manager, server)
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve()
	log.Fatal(http.ListenAndServe(*addr, router))
}

func newRouter(manager *scs.SessionManager, server *socketio.Server) (http.Handler, error) {
	store.Attach(manager, store.NewMemory(), store.Options{})
	sessions, err := plugin.Enable(server, manager, plugin.Options{})
	if err != nil {
		return nil, err
	}
	sessions.OnEvent("/", "visits", func(_ socketio.Conn, s *plugin.Session) int {
		return manager.GetInt(s, "visits")
	})

	router := chi.NewRouter()
	router.Use(sessions.LoadAndSave)
	router.Handle("/socket.io/*", sessions)
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
		fmt.Fprintln(w, "visit", manager.GetInt(r.Context(), "visits"))
	})
	return router, nil
}
