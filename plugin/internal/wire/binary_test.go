package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
	"github.com/gorilla/websocket"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/rawclient"
)

// everyByte returns every byte twice.
func everyByte() []byte {
	var b []byte
	for n := range 512 {
		b = append(b, byte(n))
	}
	return b
}

// hearBinary reads a binary, and fails if it is not the expected one.
func (h *host) hearBinary(c caller, want []byte) {
	h.Helper()
	if f, err := c.Receive(); err != nil || !f.Binary || !bytes.Equal(f.Data, want) {
		h.Fatalf("got %.100q (binary: %t), %v, want %.100q", f.Data, f.Binary, err, want)
	}
}

// Binaries and Unicode text arrive unchanged in both directions, in events and
// acknowledgements, single and several, empty and large.
func TestBinary(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		h := newHost(t, Options{}, func(h *host) {
			h.server.OnEvent("/", "mirror", func(c socketio.Conn, text string, a, b *parser.Buffer) (*parser.Buffer, string) {
				c.Emit("mirrored", text, b, &parser.Buffer{Data: a.Data})
				return a, text
			})
		})
		c := h.call(transport, version)
		for n, b := range [][]byte{everyByte(), {}, {0}, []byte("4text"), bytes.Repeat([]byte{0xff, 0}, 100_000)} {
			said := fmt.Sprintf(`é€😀 \u2028 %d`, n)
			err := c.Send(
				text(fmt.Sprintf(`452-%d["mirror","%s",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, n, said))[0],
				rawclient.Packet{Binary: true, Data: b}, rawclient.Packet{Binary: true, Data: everyByte()},
			)
			if err != nil {
				t.Fatal(err)
			}
			if transport == namePolling && version == 3 {
				said = string(escaped([]byte(said)))
			}
			h.hearMirrored(c, n, said, b)
		}
	})
}

// hearMirrored reads the event and the acknowledgement, in any order.
func (h *host) hearMirrored(c caller, n int, said string, b []byte) {
	h.Helper()
	event := `452-["mirrored","` + said + `",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	ack := fmt.Sprintf(`461-%d[{"_placeholder":true,"num":0},"%s"]`, n, said)
	for range 2 {
		got, err := c.Read()
		switch {
		case err == nil && got == event:
			h.hearBinary(c, everyByte())
			h.hearBinary(c, b)
		case err == nil && got == ack:
			h.hearBinary(c, b)
		default:
			h.Fatalf("got %.200q, %v, want %q or %q", got, err, event, ack)
		}
	}
}

// Messages arrive with compression too. The limit applies to their uncompressed
// size.
func TestCompression(t *testing.T) {
	t.Parallel()
	versions(t, func(t *testing.T, version int) {
		h := newHost(t, Options{Compression: true, Logger: quiet}, nil)
		c := h.compressed(version)
		long := strings.Repeat("x", 900_000)
		h.say(c, `421["echo","`+long+`"]`)
		h.hear(c, `431["`+long+`"]`)
		conn := h.conn(c)
		h.say(c, `422["echo","`+strings.Repeat("x", 1_100_000)+`"]`)
		<-conn.Done()
		if conn.Reason() != ReasonError {
			t.Errorf("a long message that is short on the way: it has ended for %q", conn.Reason())
		}
	})
}

// compressed opens a websocket that compresses what it sends, and enters the root.
func (h *host) compressed(version int) caller {
	h.Helper()
	dialer := websocket.Dialer{EnableCompression: true}
	ws, response, err := dialer.DialContext(h.Context(), "ws"+strings.TrimPrefix(h.url(nameWebsocket, version), "http"), nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = ws.Close() })
	if !strings.Contains(response.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		h.Errorf("not offered: %v", response.Header)
	}
	c := h.caller(nameWebsocket, version)
	c.WS = ws
	c.MustOpen()
	c.Enter("/")
	return c
}

// Compression is off by default.
func TestNoCompression(t *testing.T) {
	t.Parallel()
	h := newHost(t, Options{}, nil)
	dialer := websocket.Dialer{EnableCompression: true}
	ws, response, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(h.url(nameWebsocket, 4), "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	if got := response.Header.Get("Sec-Websocket-Extensions"); got != "" {
		t.Errorf("got %s", got)
	}
}

// The largest allowed message arrives. A longer one ends the connection, and the
// log says why without quoting it.
func TestMessageLimit(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, transport string, version int) {
		var log logBook
		h := newHost(t, Options{MaxMessageBytes: 1000, Logger: log.logger()}, nil)
		c := h.call(transport, version)
		conn := h.conn(c)
		most := 1000 - len(`421["echo",""]`)
		h.say(c, `421["echo","`+strings.Repeat("x", most)+`"]`)
		h.hear(c, `431["xxx*`)
		_ = c.Try(`422["echo","` + strings.Repeat("secret", most) + `"]`)
		<-conn.Done()
		if conn.Reason() != ReasonError {
			t.Errorf("it has ended for %q", conn.Reason())
		}
		eventually(t, "the log says why", func() bool { return strings.Contains(log.String(), errTooLong.Error()) })
		if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), c.ID) {
			t.Errorf("the log says too much: %s", log.String())
		}
	})
}
