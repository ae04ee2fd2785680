package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// A caller is a raw client.
type caller interface {
	send(frames ...frame) error
	next() (frame, error)  // the next packet that is no heartbeat, nor "nothing new"
	read() (string, error) // the next that is text
	close()
	name() string // the id of the connection
}

// text returns frames of text.
func text(lines ...string) (frames []frame) {
	for _, line := range lines {
		frames = append(frames, frame{data: []byte(line)})
	}
	return frames
}

type wsCaller struct {
	ws      *websocket.Conn
	version int
	id      string
}

func (c *wsCaller) name() string { return c.id }

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

// raw returns the next frame of any kind.
func (c *wsCaller) raw() (frame, error) {
	if err := c.ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return frame{}, err
	}
	kind, b, err := c.ws.ReadMessage()
	f := frame{binary: kind == websocket.BinaryMessage, data: b}
	if f.binary && c.version == 3 {
		f.data = b[1:]
	}
	return f, err
}

func (c *wsCaller) next() (frame, error) { return nextOf(c.raw) }

func (c *wsCaller) read() (string, error) { return textOf(c.next) }

func (c *wsCaller) close() { c.ws.Close() }

// nextOf returns the next frame other than heartbeats and noops.
func nextOf(raw func() (frame, error)) (frame, error) {
	for start := time.Now(); ; {
		f, err := raw()
		if time.Since(start) > patience {
			return f, errors.New("nothing but heartbeats")
		}
		if err != nil || f.binary || !strings.ContainsRune("236", rune(f.data[0])) {
			return f, err
		}
	}
}

// textOf returns the next frame of text.
func textOf(next func() (frame, error)) (string, error) {
	for {
		f, err := next()
		if err != nil || !f.binary {
			return string(f.data), err
		}
	}
}

type pollCaller struct {
	host    *host
	version int
	url     string
	id      string
	pending []frame
}

func (p *pollCaller) name() string { return p.id }

func (p *pollCaller) do(method string, body []byte, kind string) (string, error) {
	ctx, cancel := context.WithTimeout(p.host.Context(), 2*patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.url, bytes.NewReader(body))
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

// poll returns the frames from one GET.
func (p *pollCaller) poll() ([]frame, error) {
	body, err := p.do(http.MethodGet, nil, "")
	if err != nil {
		return nil, err
	}
	return decodeAll(payloadDecoder{version: p.version, max: 16 << 20}, []byte(body), false)
}

// raw returns the next packet of any kind. It returns an error at the end.
func (p *pollCaller) raw() (f frame, err error) {
	for len(p.pending) == 0 {
		if p.pending, err = p.poll(); err != nil {
			return frame{}, err
		}
	}
	f, p.pending = p.pending[0], p.pending[1:]
	if !f.binary && string(f.data) == "1" {
		return frame{}, io.EOF
	}
	return f, nil
}

func (p *pollCaller) next() (frame, error) { return nextOf(p.raw) }

func (p *pollCaller) read() (string, error) { return textOf(p.next) }

func (p *pollCaller) close() { _ = p.send(frame{data: []byte("1")}) }
