package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// recorder keeps what comes from a server.
type recorder struct {
	net.Conn
	came bytes.Buffer // one reader
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.came.Write(b[:n])
	return n, err
}

// No frame follows the close frame with which gorilla answers the client's, or refuses what it
// sends, however much is sent meanwhile.
func TestNothingFollowsAClose(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{MaxMessageBytes: 1000}, nil)
	closed := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	for name, row := range map[string]struct {
		leave func(*websocket.Conn) error
		want  int
	}{
		"it says goodbye": {func(ws *websocket.Conn) error {
			return ws.WriteControl(websocket.CloseMessage, closed, time.Now().Add(time.Second))
		}, websocket.CloseNormalClosure},
		"it says too much": {func(ws *websocket.Conn) error {
			return ws.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 5000)))
		}, websocket.CloseMessageTooBig},
	} {
		for range 30 {
			came := new(recorder)
			c := h.recorded(came)
			left := h.flood(h.conn(c))
			h.hear(c, `42["news",1]`)
			err := row.leave(c.WS)
			for err == nil {
				_, _, err = c.WS.ReadMessage()
			}
			if websocket.IsUnexpectedCloseError(err, row.want) {
				t.Fatal(name, err)
			}
			_, _ = io.Copy(io.Discard, came) // what is still on its way
			left.Wait()
			_ = c.WS.Close()
			frames := came.came.Bytes()
			want := websocket.FormatCloseMessage(row.want, "")
			at := bytes.LastIndex(frames, append([]byte{0x88, byte(len(want))}, want...))
			if at < 0 && name == "it says goodbye" || at >= 0 && at+2+len(want) < len(frames) {
				t.Fatalf("%s: the last that came is %q", name, frames[len(frames)-32:])
			}
		}
	}
}

// recorded opens a websocket that is recorded, and enters the root.
func (h *host) recorded(came *recorder) caller {
	h.Helper()
	dialer := websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		came.Conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return came, err
	}}
	ws, _, err := dialer.DialContext(h.Context(), "ws"+strings.TrimPrefix(h.url(nameWebsocket, 3), "http"), nil)
	if err != nil {
		h.Fatal(err)
	}
	c := h.caller(nameWebsocket, 3)
	c.WS = ws
	c.MustOpen()
	c.Enter("/")
	return c
}

// flood sends an event in every way until the connection ends.
func (h *host) flood(conn *Conn) *sync.WaitGroup {
	h.Helper()
	cast, err := NewCast("/", "news", []any{1})
	if err != nil {
		h.Fatal(err)
	}
	sending := new(sync.WaitGroup)
	sending.Go(func() {
		for {
			select {
			case <-conn.Done():
				return
			default:
				conn.Cast(cast, new(atomic.Bool))
				conn.mu.Lock()
				conn.out.sendText(`42["news",1]`)
				conn.mu.Unlock()
			}
		}
	})
	return sending
}
