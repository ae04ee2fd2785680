// Command tickets is the server that the browser tests put pages before which
// the demo does not have: pages of another origin than the sockets', and pages
// that log in by a socket. One process listens on two origins; the session's
// cookie reaches the first only.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"html/template"
	"log/slog"
	"net"
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

// endLimit is how long a graceful end may take.
const endLimit = 3 * time.Second

//go:embed page.html
var pageHTML string

func main() {
	client := flag.String("client", "", "the socket.io.js that /client.js serves")
	flag.Parse()
	if err := serve(*client); err != nil {
		fmt.Fprintln(os.Stderr, "tickets:", err)
		os.Exit(1)
	}
}

// serve listens on both origins until it is interrupted.
func serve(client string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	origin := "http://" + own.Addr().String()
	elsewhere := fmt.Sprintf("http://localhost:%d", other.Addr().(*net.TCPAddr).Port)

	a := &app{manager: scs.New(), client: client, elsewhere: elsewhere}
	store.Attach(a.manager, store.NewMemory(), store.Options{})
	wire := transport.New(transport.Options{AllowedOrigins: []string{origin}})
	server := socketio.NewServer(wire.EngineOptions(nil))
	if a.sessions, err = plugin.Enable(server, a.manager, plugin.Options{Transport: wire, Tickets: true}); err != nil {
		return err
	}
	a.handle()
	go server.Serve() // for as long as the process lives

	web := &http.Server{
		Handler:           a.routes(),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	served := make(chan error, 2)
	for _, listener := range []net.Listener{own, other} {
		go func() { served <- web.Serve(listener) }() // until Shutdown
	}
	fmt.Println("listening on", origin)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), endLimit)
	defer cancel()
	if err := a.sessions.Close(ending); err != nil {
		return err
	}
	if err := web.Shutdown(ending); err != nil {
		return web.Close() // what is still running has had its time
	}
	return nil
}

type app struct {
	manager   *scs.SessionManager
	sessions  *plugin.Sessions
	client    string
	elsewhere string
}

func (a *app) handle() {
	a.sessions.OnEvent("/", "whoami", func(_ socketio.Conn, s *plugin.Session) string {
		return a.manager.GetString(s, "user")
	})
	a.sessions.OnEvent("/", "count", func(_ socketio.Conn, s *plugin.Session) (n int, err error) {
		err = s.Update(func(s *plugin.Session) error {
			n = a.manager.GetInt(s, "n") + 1
			a.manager.Put(s, "n", n)
			return nil
		})
		return n, err
	})
	a.sessions.OnEvent("/", "login", func(_ socketio.Conn, s *plugin.Session, user string) error {
		return s.Renew(map[string]any{"user": user})
	})
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", a.sessions)
	mux.HandleFunc("GET /client.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, a.client) })
	page := template.Must(template.New("page").Parse(pageHTML))

	handle := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, a.sessions.LoadAndSave(h)) }
	handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		a.manager.Put(r.Context(), "visits", a.manager.GetInt(r.Context(), "visits")+1)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, map[string]string{"Elsewhere": a.elsewhere})
	})
	handle("GET /user", func(w http.ResponseWriter, r *http.Request) {
		if a.manager.Token(r.Context()) == "" {
			http.Error(w, "no session", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, a.manager.GetString(r.Context(), "user"))
	})
	handle("POST /login", func(w http.ResponseWriter, r *http.Request) {
		err := a.manager.RenewToken(r.Context())
		a.manager.Put(r.Context(), "user", r.FormValue("user"))
		answer(w, err)
	})
	handle("POST /logout", func(w http.ResponseWriter, r *http.Request) { answer(w, a.manager.Destroy(r.Context())) })
	return mux
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
