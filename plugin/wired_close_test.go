package plugin_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"

	"github.com/socketio-sessions/socketio-sessions/plugin"
	"github.com/socketio-sessions/socketio-sessions/plugin/transport"
)

// Sessions.Close while 100 clients connect, and socketio.Server.Close right
// after it, end neither the process nor leave a client waiting.
func TestWiredCloseWhileConnecting(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T) {
		for range 5 {
			const clients = 100
			opened := make(chan struct{}, clients)
			a := wiredApp(t, plugin.Options{}, transport.Options{}, func(a *app) {
				register(a)
				a.sessions.OnConnect("/", func(socketio.Conn, *plugin.Session) error { opened <- struct{}{}; return nil })
			})
			cookie := a.login("alice")
			var all sync.WaitGroup
			for i := range clients {
				k := allKinds[i%len(allKinds)]
				all.Go(func() {
					c, status := a.open(k, withCookie(cookie))
					if c == nil {
						if status < http.StatusInternalServerError {
							t.Errorf("%s got %d", k.transport, status)
						}
						return
					}
					c.try("40")
					c.drain()
				})
			}
			recv(t, "the first client", opened)
			if err := a.sessions.Close(t.Context()); err != nil {
				t.Errorf("Close: %v", err)
			}
			a.server.Close()
			all.Wait()
			eventually(t, "every connection is forgotten", func() bool { return a.server.Count() == 0 && a.wire.Len() == 0 })
			for _, k := range allKinds {
				if _, status := a.open(k, withCookie(cookie)); status != http.StatusServiceUnavailable {
					t.Errorf("%s got %d after Close", k.transport, status)
				}
			}
		}
	})
}

// Wire.Close does not return without an error while a handshake is under way
// in go-socket.io, whatever became of its connection: Server.Close would end
// the process. Here go-socket.io is slow to take them.
func TestWiredCloseWaitsForHandshakes(t *testing.T) {
	t.Parallel()
	survives(t, func(t *testing.T) {
		wire := transport.New(transport.Options{Logger: discard})
		server := socketio.NewServer(wire.EngineOptions(nil))
		server.OnConnect("/", func(socketio.Conn) error { return nil })
		a := &app{T: t, wire: wire}
		a.serve(wire.Handler(server))
		for range 3 {
			if status := a.status(a.client(allKinds[0], nil).Dial()); status != http.StatusOK {
				t.Fatalf("the handshake got %d", status)
			}
		}
		eventually(t, "all are registered", func() bool { return wire.Len() == 3 })
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := wire.Close(soon); err == nil {
			t.Error("Close has returned before go-socket.io has taken its connections")
		}
		go server.Serve()
		if err := wire.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		server.Close()
	})
}
