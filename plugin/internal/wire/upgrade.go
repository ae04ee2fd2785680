package wire

import (
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// serveUpgrade lets a polling client try a websocket, and move to it.
func (c *Conn) serveUpgrade(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	free := c.out.ws == nil && !c.out.probe.running && c.reason == "" && c.established.Load()
	c.out.probe.running = c.out.probe.running || free
	c.mu.Unlock()
	if !free {
		fail(w, http.StatusBadRequest, codeBadRequest)
		return
	}
	ws, err := c.shared.upgrader.Upgrade(hijacker{w, c, &c.shared.options}, r, nil)
	if err != nil {
		c.cancelUpgrade(nil)
		return // it has answered
	}
	go c.upgrade(c.shared.limit(ws)) // ends with ws
}

// upgrade is the upgrade from polling, as the client leads it: "2probe" over the
// websocket is answered with "3probe"; the client then lets its GET and POST
// end, and says "5". From then on the websocket is the connection's wire. What
// is queued stays queued meanwhile, and goes over whatever wire comes first.
func (c *Conn) upgrade(ws *websocket.Conn) {
	if !c.negotiate(ws) {
		c.cancelUpgrade(ws)
		return
	}
	c.pump(ws)
}

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
	// Some clients send UPGRADE with a payload, which says nothing.
	return c.expect(ws, func(text string) bool { return strings.HasPrefix(text, "5") }) && ws.SetReadDeadline(time.Time{}) == nil && c.move(ws)
}

// expect tells whether the next frame is a text that is expected.
func (c *Conn) expect(ws *websocket.Conn, expected func(text string) bool) bool {
	b, binary, err := c.read(ws)
	if err != nil {
		return false
	}
	defer c.shared.pool.release(b)
	return !binary && expected(string(b.bytes))
}

// tryWebsocket makes ws the websocket that is tried: it ends with the connection.
func (c *Conn) tryWebsocket(ws *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.probe.candidate = ws
	return !c.disposed
}

// move makes ws the wire of the connection.
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

// cancelUpgrade ends an upgrade that has failed: the connection goes on polling.
func (c *Conn) cancelUpgrade(ws *websocket.Conn) {
	if ws != nil {
		_ = ws.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.probe = probe{}
}
