package wire

import (
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// probe is the upgrade from polling, as the client leads it: "2probe" over the
// websocket is answered with "3probe"; the client then lets its GET and POST
// end, and says "5". From then on the websocket is the connection's wire. What
// is queued stays queued meanwhile, and goes over whatever wire comes first.
func (c *Conn) probe(ws *websocket.Conn) {
	if !c.shakeHands(ws) {
		c.giveUp(ws)
		return
	}
	c.pump(ws)
}

func (c *Conn) shakeHands(ws *websocket.Conn) bool {
	deadline := time.Now().Add(min(upgradeTimeout, c.shared.options.PingTimeout))
	if ws.SetReadDeadline(deadline) != nil {
		return false
	}
	if !c.court(ws) || !c.hears(ws, func(text string) bool { return text == "2probe" }) {
		return false
	}
	if ws.WriteMessage(websocket.TextMessage, []byte("3probe")) != nil {
		return false
	}
	c.freePolls()
	// Some clients send UPGRADE with a payload, which says nothing.
	return c.hears(ws, func(text string) bool { return strings.HasPrefix(text, "5") }) && ws.SetReadDeadline(time.Time{}) == nil && c.move(ws)
}

// hears tells whether the next frame is a text that is expected.
func (c *Conn) hears(ws *websocket.Conn, expected func(text string) bool) bool {
	b, binary, err := c.read(ws)
	if err != nil {
		return false
	}
	defer c.shared.pool.release(b)
	return !binary && expected(string(b.bytes))
}

// court makes ws the websocket that is tried: it ends with the connection.
func (c *Conn) court(ws *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.candidate = ws
	return !c.disposed
}

// move makes ws the wire of the connection.
func (c *Conn) move(ws *websocket.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disposed {
		return false
	}
	c.useLocked(ws)
	c.candidate, c.probing, c.probed = nil, false, false
	c.heartbeat.hear()
	c.wakePollLocked()
	c.kickLocked()
	return true
}

// giveUp ends an upgrade that has failed: the connection goes on polling.
func (c *Conn) giveUp(ws *websocket.Conn) {
	if ws != nil {
		_ = ws.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.candidate, c.probing, c.probed, c.noops = nil, false, false, 0
}

// freePolls lets the GET that waits end, and those that come before the client
// has heard of the probe.
func (c *Conn) freePolls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probed = true
	if c.poll != nil {
		c.shortenLocked(c.poll)
	}
}

// pollPause is how long a GET waits during an upgrade that takes its time.
const pollPause = 100 * time.Millisecond

// shortenLocked ends a GET during an upgrade: at most two are under way when a
// client hears of the probe. One that asks again and again is slowed down. c.mu
// is held.
func (c *Conn) shortenLocked(p *poll) {
	if c.noops++; c.noops <= 2 {
		p.noop = true
		p.signal()
		return
	}
	time.AfterFunc(pollPause, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		p.noop = true
		p.signal()
	})
}
