package wire

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// serveUpgrade upgrades a polling client to a websocket.
func (c *Conn) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	free := c.out.ws == nil && !c.out.probe.running && c.reason == "" && c.established.Load()
	c.out.probe.running = c.out.probe.running || free
	c.mu.Unlock()
	if !free {
		fail(w, http.StatusBadRequest, codeBadRequest)
		return
	}
	ws, err := c.shared.upgrader.Upgrade(hijacker{w, c, c.shared}, r, nil)
	if err != nil {
		c.cancelUpgrade(nil)
		return // Upgrade has answered
	}
	go c.upgrade(c.shared.limit(ws)) // ends with ws
}

// upgrade moves a client from polling to ws. The client sends "2probe" over ws and
// gets "3probe"; it lets its GET and POST end, and sends "5". From then on the
// connection uses ws. Meanwhile the queue goes to whichever can send first.
func (c *Conn) upgrade(ws *websocket.Conn) {
	if !c.negotiate(ws) {
		c.cancelUpgrade(ws)
		return
	}
	c.pump(ws)
}

// negotiate reports whether the client has moved to ws.
func (c *Conn) negotiate(ws *websocket.Conn) bool {
	deadline := time.Now().Add(min(upgradeTimeout, c.shared.options.PingTimeout))
	if ws.SetReadDeadline(deadline) != nil {
		return false
	}
	if !c.tryWebsocket(ws) || !c.expect(ws, func(text string) bool { return text == "2probe" }) {
		return false
	}
	if ws.WriteMessage(websocket.TextMessage, []byte("3probe")) != nil {
		return false
	}
	c.mu.Lock()
	c.out.freePolls()
	c.mu.Unlock()
	// Some clients send "5" with a payload, which means nothing.
	return c.expect(ws, func(text string) bool { return strings.HasPrefix(text, "5") }) && ws.SetReadDeadline(time.Time{}) == nil && c.move(ws)
}

// expect reads the next frame, and reports whether it is an expected text.
func (c *Conn) expect(ws *websocket.Conn, expected func(text string) bool) bool {
	b, binary, err := c.read(ws)
	if err != nil {
		return false
	}
	defer c.shared.pool.release(b)
	return !binary && expected(string(b.bytes))
}

// tryWebsocket makes ws the candidate, so that it ends with the connection.
func (c *Conn) tryWebsocket(ws *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.probe.candidate = ws
	return !c.disposed
}

// move makes the connection use ws.
func (c *Conn) move(ws *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disposed {
		return false
	}
	c.out.move(ws)
	c.heartbeat.hear()
	return true
}

// cancelUpgrade ends a failed upgrade. The client keeps polling.
func (c *Conn) cancelUpgrade(ws *websocket.Conn) {
	if ws != nil {
		_ = ws.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.probe = probe{}
}
