package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	socketio "github.com/googollee/go-socket.io"
	"github.com/googollee/go-socket.io/parser"
	"github.com/gorilla/websocket"
)

// patience is how long a test waits for what must come. It is never waited
// out by a test that passes.
const patience = 20 * time.Second

// host is a go-socket.io server on a Wire, as an app without sessions has it.
type host struct {
	testing.TB
	wire   *Wire
	server *socketio.Server
	web    *httptest.Server
}

func newHost(tb testing.TB, options Options, setup func(*socketio.Server)) *host {
	tb.Helper()
	h := &host{TB: tb, wire: New(options)}
	h.server = socketio.NewServer(h.wire.EngineOptions(nil))
	for _, namespace := range []string{"/", "/chat"} {
		h.server.OnConnect(namespace, func(socketio.Conn) error { return nil })
		h.server.OnEvent(namespace, "echo", func(_ socketio.Conn, text string) string { return text })
		h.server.OnEvent(namespace, "number", func(_ socketio.Conn, n int) int { return n })
		h.server.OnEvent(namespace, "buf", func(_ socketio.Conn, b parser.Buffer) int { return len(b.Data) })
	}
	if setup != nil {
		setup(h.server)
	}
	go h.server.Serve() // ends with Close
	h.web = httptest.NewServer(h.wire.Handler(h.server))
	tb.Cleanup(func() {
		if err := h.wire.Close(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Errorf("Close: %v", err)
		}
		h.web.CloseClientConnections()
		h.web.Close()
	})
	return h
}

func (h *host) url(transport string, version int) string {
	return fmt.Sprintf("%s/socket.io/?EIO=%d&transport=%s", h.web.URL, version, transport)
}

// A caller is a raw client.
type caller interface {
	send(frames ...frame) error
	read() (string, error) // the next text packet that is no heartbeat
	close()
}

// call connects, enters the root, and fails if that does not work.
func (h *host) call(transport string, version int) caller {
	h.Helper()
	c := h.dial(transport, version)
	if version == 4 {
		if err := c.send(frame{data: []byte("40")}); err != nil {
			h.Fatal(err)
		}
	}
	if text, err := c.read(); err != nil || !strings.HasPrefix(text, "40") {
		h.Fatalf("got %q, %v, want CONNECT", text, err)
	}
	return c
}

// dial connects and reads OPEN.
func (h *host) dial(transport string, version int) caller {
	h.Helper()
	if transport == namePolling {
		p := &pollCaller{host: h, version: version, url: h.url(transport, version)}
		open, err := p.read()
		if err != nil || !strings.HasPrefix(open, "0{") {
			h.Fatalf("got %q, %v, want OPEN", open, err)
		}
		p.url += "&sid=" + idOf(open)
		return p
	}
	address := "ws" + strings.TrimPrefix(h.url(transport, version), "http")
	ws, _, err := websocket.DefaultDialer.DialContext(h.Context(), address, nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { ws.Close() })
	w := &wsCaller{ws, version}
	if open, err := w.read(); err != nil || !strings.HasPrefix(open, "0{") {
		h.Fatalf("got %q, %v, want OPEN", open, err)
	}
	return w
}

func idOf(open string) string {
	var p openPacket
	_ = json.Unmarshal([]byte(open[1:]), &p)
	return p.ID
}

type wsCaller struct {
	ws      *websocket.Conn
	version int
}

func (c *wsCaller) send(frames ...frame) error {
	for _, f := range frames {
		if err := c.sendOne(f); err != nil {
			return err
		}
	}
	return nil
}

func (c *wsCaller) sendOne(f frame) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if !f.binary {
		return c.ws.WriteMessage(websocket.TextMessage, f.data)
	}
	if c.version == 3 {
		return c.ws.WriteMessage(websocket.BinaryMessage, append([]byte{4}, f.data...))
	}
	return c.ws.WriteMessage(websocket.BinaryMessage, f.data)
}

func (c *wsCaller) read() (string, error) {
	for {
		if err := c.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return "", err
		}
		kind, b, err := c.ws.ReadMessage()
		if err != nil {
			return "", err
		}
		if text := string(b); kind == websocket.TextMessage && text != "2" && !strings.HasPrefix(text, "3") {
			return text, nil
		}
	}
}

func (c *wsCaller) close() { c.ws.Close() }

type pollCaller struct {
	host    *host
	version int
	url     string
	pending []string
}

func (p *pollCaller) do(method string, body []byte, kind string) (string, error) {
	r, err := http.NewRequestWithContext(p.host.Context(), method, p.url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", kind)
	response, err := p.host.web.Client().Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", response.StatusCode, b)
	}
	return string(b), err
}

// send posts the frames, a megabyte at a time.
func (p *pollCaller) send(frames ...frame) error {
	var body []byte
	for i, f := range frames {
		body = appendPayload(body, p.version, f)
		if i < len(frames)-1 && len(body)+len(frames[i+1].data) < 1<<20 {
			continue
		}
		if _, err := p.do(http.MethodPost, body, "text/plain;charset=UTF-8"); err != nil {
			return err
		}
		body = nil
	}
	return nil
}

func (p *pollCaller) read() (string, error) {
	for {
		for len(p.pending) > 0 {
			text := p.pending[0]
			p.pending = p.pending[1:]
			switch {
			case text == "1":
				return "", io.EOF
			case text != "" && text[0] != '6' && text[0] != '2' && text[0] != '3' && text[0] != 'b':
				return text, nil
			}
		}
		body, err := p.do(http.MethodGet, nil, "")
		if err != nil {
			return "", err
		}
		p.pending = split(body, p.version)
	}
}

// split takes a payload of ASCII text apart.
func split(body string, version int) (packets []string) {
	if version == 4 {
		return strings.Split(body, "\x1e")
	}
	for body != "" {
		var n int
		head, rest, _ := strings.Cut(body, ":")
		if _, err := fmt.Sscan(head, &n); err != nil || n > len(rest) {
			return append(packets, body)
		}
		packets, body = append(packets, rest[:n]), rest[n:]
	}
	return packets
}

func (p *pollCaller) close() { _ = p.send(frame{data: []byte("1")}) }

// eventually waits for what another goroutine is about to do.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-again.C:
		case <-late:
			tb.Fatalf("not in time: %s", what)
		}
	}
}
