package wire

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/gorilla/websocket"
)

// BenchmarkEcho sends an event over a real websocket, and waits for its
// acknowledgement, with go-socket.io's transports and with ours. The figures
// include the client, which is the same for both.
func BenchmarkEcho(b *testing.B) {
	b.Run("stock", func(b *testing.B) {
		server := socketio.NewServer(nil)
		benchmarkEcho(b, server, server)
	})
	b.Run("wire", func(b *testing.B) {
		wire := New(Options{})
		server := socketio.NewServer(wire.EngineOptions(nil))
		defer server.Close()
		benchmarkEcho(b, server, wire.Handler(server))
		if err := wire.Close(b.Context(), CloseRate); err != nil {
			b.Fatal(err)
		}
	})
}

func benchmarkEcho(b *testing.B, server *socketio.Server, handler http.Handler) {
	b.Helper()
	server.OnConnect("/", func(socketio.Conn) error { return nil })
	server.OnEvent("/", "echo", func(_ socketio.Conn, text string) string { return text })
	go server.Serve()
	web := httptest.NewServer(handler)
	defer web.Close()
	ws, _, err := websocket.DefaultDialer.DialContext(b.Context(), "ws"+strings.TrimPrefix(web.URL, "http")+"/?EIO=3&transport=websocket", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer ws.Close()
	buffer := make([]byte, 1024)
	for range 2 { // OPEN and CONNECT
		readInto(b, ws, buffer)
	}
	event := []byte(`421["echo","a line of text that is not short"]`)
	want := `431["a line of text that is not short"]`
	b.ReportAllocs()
	for b.Loop() {
		if err := ws.WriteMessage(websocket.TextMessage, event); err != nil {
			b.Fatal(err)
		}
		if got := readInto(b, ws, buffer); strings.TrimSuffix(string(got), "\n") != want {
			b.Fatalf("got %q", got)
		}
	}
}

// readInto reads a message without allocating.
func readInto(b *testing.B, ws *websocket.Conn, buffer []byte) []byte {
	b.Helper()
	_, r, err := ws.NextReader()
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	for {
		read, err := r.Read(buffer[n:])
		n += read
		if err != nil {
			return buffer[:n] // it is io.EOF, or what follows tells
		}
	}
}

// BenchmarkCast sends an event to a room of 100, and counts what one delivery costs, the
// clients' part included.
func BenchmarkCast(b *testing.B) {
	h := newHost(b, Options{}, nil)
	const clients = 100
	var conns []*Conn
	var heard sync.WaitGroup
	for range clients {
		c := h.call(nameWebsocket, 4)
		conns = append(conns, h.conn(c))
		heard.Go(func() {
			for n := 0; n < b.N; n++ {
				if _, err := c.Next(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	var emitted atomic.Bool // nothing
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		cast, err := NewCast("/", "said", []any{"a line of a chat"})
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range conns {
			c.Cast(cast, &emitted)
		}
	}
	heard.Wait()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*clients), "ns/delivery")
}
