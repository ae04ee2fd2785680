package wire

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// ServeHTTP serves the handshake that go-socket.io has accepted.
func (c *Conn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if ws := c.websocket(); ws != nil {
		go c.pump(ws) // ends with ws
		return
	}
	c.serveGet(w, r, false)
}

// servePoll serves a GET or a POST of a polling client.
func (c *Conn) servePoll(w http.ResponseWriter, r *http.Request) {
	switch {
	case c.websocket() != nil:
		fail(w, http.StatusBadRequest, codeBadRequest)
	case r.Method == http.MethodPost:
		c.servePost(w, r)
	default:
		c.serveGet(w, r, false)
	}
}

// serveGet answers with what is queued, or waits for it. last says that the
// client may have nothing but the end of the connection.
func (c *Conn) serveGet(w http.ResponseWriter, r *http.Request, last bool) {
	if !last {
		c.heartbeat.hear()
	}
	// An http.Server's ReadTimeout would end the wait.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	c.mu.Lock()
	p := c.out.park(last)
	c.mu.Unlock()
	var late <-chan time.Time
	if last {
		timer := time.NewTimer(lastPollGrace)
		defer timer.Stop()
		late = timer.C
	}
	for {
		body, end := c.collect(p)
		if body != nil {
			err := c.respond(w, "text/plain; charset=UTF-8", body)
			switch {
			case end:
				c.dispose()
			case err != nil && !p.replaced:
				c.lose(ReasonClosed) // and what was in body with it
			}
			return
		}
		select {
		case <-p.wake:
		case <-late:
			c.unpark(p)
			fail(w, http.StatusForbidden, codeForbidden)
			return
		case <-r.Context().Done():
			if c.unpark(p) {
				c.lose(ReasonClosed)
			}
			return
		}
	}
}

// collect returns the answer to a GET, nil while there is none; end says that
// it is the last.
func (c *Conn) collect(p *poll) (body []byte, end bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.collect(p)
}

// unpark tells whether p is still the GET that waits, and ends that.
func (c *Conn) unpark(p *poll) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.unpark(p)
}

// respond answers a request. The client has the ping timeout to read it: of an
// http.Server's WriteTimeout, the wait may have left nothing.
func (c *Conn) respond(w http.ResponseWriter, kind string, body []byte) error {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(c.shared.options.PingTimeout))
	w.Header().Set("Content-Type", kind)
	_, err := w.Write(body)
	return err
}

// servePost takes the client's packets in.
func (c *Conn) servePost(w http.ResponseWriter, r *http.Request) {
	if !c.posting.TryLock() {
		fail(w, http.StatusBadRequest, codeBadRequest) // no client posts twice at a time
		return
	}
	defer c.posting.Unlock()
	// It may take as long as the client may be silent.
	options := &c.shared.options
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(options.PingInterval + options.PingTimeout))
	// A client of version 3 posts at once what it has gathered meanwhile, however
	// much that is; and a binary message is a third longer as base64.
	limit := max(options.MaxQueueBytes, 2*options.MaxMessageBytes)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		c.violate(errTooLong)
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		c.lose(ReasonClosed)
		return
	}
	octets := strings.HasPrefix(r.Header.Get("Content-Type"), "application/octet-stream")
	if err := c.payloads.decode(body, octets, c.receiveFrame); err != nil {
		c.violate(err)
		fail(w, http.StatusBadRequest, codeBadRequest)
		return
	}
	_ = c.respond(w, "text/html", []byte("ok"))
}
