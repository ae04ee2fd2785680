// Command everywhere shows a user's sessions and ends them all: go run ./everywhere -addr 127.0.0.1:3000
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

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "listening address")
	flag.Parse()

	manager := scs.New()
	manager.HashTokenInStore = true
	attached := store.Attach(manager, store.NewMemory(), store.Options{
		User: func(values map[string]any) string { name, _ := values["user"].(string); return name },
	})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	sessions.OnEvent("/", "whoami", func(_ socketio.Conn, s *plugin.Session) string { return manager.GetString(s, "user") })
	go server.Serve()

	mux, own := http.NewServeMux(), http.NewCrossOriginProtection() // no other site's page may post
	mux.Handle("/socket.io/", sessions)
	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, own.Handler(sessions.LoadAndSave(h))) }
	handle("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	handle("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if err := manager.RenewToken(r.Context()); err == nil {
			manager.Put(r.Context(), "user", r.FormValue("user"))
		}
		fmt.Fprint(w, page)
	})
	handle("GET /devices", func(w http.ResponseWriter, r *http.Request) {
		infos, err := attached.SessionsOf(r.Context(), manager.GetString(r.Context(), "user"))
		for _, info := range infos {
			fmt.Fprintln(w, info.Device, "since", info.Made)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	handle("POST /logout-everywhere", func(w http.ResponseWriter, r *http.Request) {
		n, err := attached.EndUser(r.Context(), manager.GetString(r.Context(), "user")) // this session, too
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, n, "sessions have ended")
	})
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, mux))
}

const page = `<!doctype html><meta charset="utf-8"><title>Everywhere</title>
<form action="/login" method="post"><input name="user"> <button>Log in</button></form>
<form action="/logout-everywhere" method="post"><button>Log out everywhere</button></form>
<a href="/devices">your devices</a> <p></p>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
io.connectWithSession().session.on('invalid', (why) => { document.querySelector('p').textContent = why.message; });
</script>`
