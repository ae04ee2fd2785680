package wire

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP serves a handshake that go-socket.io has accepted.
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
		c.mu.Lock()
		c.out.polled = true
		c.mu.Unlock()
		c.serveGet(w, r, false)
	}
}

// serveGet answers with the queue, and waits while that is empty. last says that the
// client may only have the last packets of a connection that ends.
func (c *Conn) serveGet(w http.ResponseWriter, r *http.Request, last bool) {
	if !last {
		c.heartbeat.hear()
	}
	// The ReadTimeout of an http.Server would end the wait.
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
				c.lose(ReasonClosed) // the packets in body are lost
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

// collect returns the answer to a GET, nil while there is none. end says that it is
// the last one.
func (c *Conn) collect(p *poll) (body []byte, end bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.collect(p)
}

// unpark ends the wait of p, and reports whether p was still waiting.
func (c *Conn) unpark(p *poll) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.unpark(p)
}

// respond answers a request. The client has PingTimeout to read the answer: the
// wait may have used up the WriteTimeout of an http.Server.
func (c *Conn) respond(w http.ResponseWriter, kind string, body []byte) error {
	request := http.NewResponseController(w)
	_ = request.SetWriteDeadline(time.Now().Add(c.shared.options.PingTimeout))
	defer c.at(request)()
	c.answers(len(body))
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // in chunks, Node's clients take long for much
	for len(body) > 0 {
		next := body[:min(len(body), piece)]
		if _, err := w.Write(next); err != nil {
			c.answers(-len(body))
			return err
		}
		c.answers(-len(next))
		body = body[len(next):]
	}
	return nil
}

// answers notes that n bytes of an answer are to be written; fewer, if n is negative.
func (c *Conn) answers(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shared.waiting.add(n)
	c.out.answering += n
	c.out.note(true)
}

// at notes that a request waits for the client, until the returned func is called.
func (c *Conn) at(request *http.ResponseController) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = make(map[*http.ResponseController]struct{}, 1)
	}
	c.requests[request] = struct{}{}
	if c.disposed && c.reason == ReasonSlow {
		c.abortLocked()
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.requests, request)
	}
}

// servePost receives the packets of a POST.
func (c *Conn) servePost(w http.ResponseWriter, r *http.Request) {
	if !c.posting.TryLock() {
		fail(w, http.StatusBadRequest, codeBadRequest) // no client sends two POSTs at once
		return
	}
	defer c.posting.Unlock()
	// The body may take as long as a client may be silent.
	options := &c.shared.options
	request := http.NewResponseController(w)
	_ = request.SetReadDeadline(time.Now().Add(options.PingInterval + options.PingTimeout))
	done := c.at(request)
	// A client of version 3 sends all that it has gathered in one POST. Base64 makes
	// a binary message a third longer.
	limit := max(options.MaxQueueBytes, 2*options.MaxMessageBytes)
	body, release, err := c.held.readAll(http.MaxBytesReader(w, r.Body, int64(limit)), int(min(r.ContentLength, int64(limit))))
	done()
	defer release()
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
