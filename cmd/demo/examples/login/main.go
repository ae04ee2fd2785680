// Command login logs a visitor in by an event of a socket: go run ./login -addr 127.0.0.1:3000
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
	store.Attach(manager, store.NewMemory(), store.Options{})
	wire := transport.New(transport.Options{})
	server := socketio.NewServer(wire.EngineOptions(nil))
	sessions, err := plugin.Enable(server, manager, plugin.Options{Transport: wire})
	if err != nil {
		log.Fatal(err)
	}
	// The page's script redeems what Renew leaves: it gets the new cookie, and the socket comes back with it.
	sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session, user, password string) (bool, error) {
		if password != "open sesame" {
			return false, nil
		}
		return true, s.Renew(map[string]any{"user": user})
	})
	sessions.OnEvent("/", "whoami", func(_ socketio.Conn, s *plugin.Session) string { return manager.GetString(s, "user") })
	go server.Serve()

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", sessions)
	mux.Handle("/", sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "seen", true) // or there would be no session, and no cookie
		fmt.Fprint(w, page)
	})))
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, mux))
}

const page = `<!doctype html><meta charset="utf-8"><title>Login</title>
<form><input name="user" value="ann"> <input name="password" value="open sesame"> <button>Log in</button></form><p></p>
<script src="https://cdn.jsdelivr.net/npm/socket.io-client@4.8.4/dist/socket.io.min.js"></script>
<script src="/socket.io/socket.io-sessions.js"></script>
<script>
var socket = io.connectWithSession(), form = document.querySelector('form');
socket.session.on('active', function () {
  socket.emit('whoami', function (user) { document.querySelector('p').textContent = 'You are ' + (user || 'nobody'); });
});
form.onsubmit = function () { socket.emit('login', form.user.value, form.password.value); return false; };
</script>`
