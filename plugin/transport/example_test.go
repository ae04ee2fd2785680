package transport_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// A chat without sessions, for every socket.io client from 1.7 to 4.x.
func Example() {
	wire := transport.New(transport.Options{
		AllowedOrigins: []string{"https://app.example.com"},
	})
	server := socketio.NewServer(wire.EngineOptions(nil))
	server.OnConnect("/", func(c socketio.Conn) error {
		c.Join("chat")
		return nil
	})
	server.OnEvent("/", "message", func(_ socketio.Conn, text string) string {
		server.BroadcastToRoom("/", "chat", "message", text)
		return "sent"
	})
	go server.Serve()
	defer server.Close() // after wire.Close

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", wire.Handler(server))
	web := &http.Server{Addr: "127.0.0.1:0", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Print(err)
		}
	}()

	// On SIGTERM, for example: end the connections first, and then the servers.
	late, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	fmt.Println(wire.Close(late), web.Shutdown(late))
	// Output: <nil> <nil>
}
