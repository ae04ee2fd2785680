package wire

import (
	"sync/atomic"
	"time"
)

// A heartbeat ends a connection of which nothing is heard. In version 3 of
// Engine.IO the client sends the pings, in version 4 the server does. It is one
// timer for each connection, which is put off when it fires, not for each
// frame.
type heartbeat struct {
	conn   *Conn
	timer  *time.Timer
	heard  atomic.Int64 // when something was heard last, in Unix nanoseconds
	pinged int64        // when the last ping was sent, in version 4; the timer's own
	over   atomic.Bool
}

func (h *heartbeat) start(c *Conn, now time.Time) {
	h.conn = c
	h.heard.Store(now.UnixNano())
	h.pinged = now.UnixNano() // the OPEN packet stands for the first
	wait := c.shared.options.PingInterval
	if c.version == 3 {
		wait += c.shared.options.PingTimeout
	}
	h.timer = time.AfterFunc(time.Hour, h.beat)
	h.timer.Reset(wait) // only now may it fire: beat uses the timer
}

// hear notes that the client lives.
func (h *heartbeat) hear() { h.heard.Store(time.Now().UnixNano()) }

func (h *heartbeat) stop() {
	h.over.Store(true)
	h.timer.Stop()
}

// beat runs when the timer fires.
func (h *heartbeat) beat() {
	if h.over.Load() {
		return
	}
	now := time.Now()
	if h.conn.stray(now) {
		h.conn.lose(ReasonTimeout)
		return
	}
	wait := h.silence(now)
	if wait <= 0 {
		h.conn.lose(ReasonTimeout)
		return
	}
	h.timer.Reset(wait)
}

// silence returns how long the client may go on as it does, and sends the ping
// that is due.
func (h *heartbeat) silence(now time.Time) time.Duration {
	options := &h.conn.shared.options
	if h.conn.full() {
		h.hear() // it is we who do not listen
	}
	heard := now.Sub(time.Unix(0, h.heard.Load()))
	if h.conn.version == 3 {
		return options.PingInterval + options.PingTimeout - heard
	}
	since := now.Sub(time.Unix(0, h.pinged))
	if h.heard.Load() < h.pinged {
		return min(options.PingTimeout-since, options.PingInterval) // the next is due as soon as this is answered
	}
	if left := options.PingInterval - since; left > 0 {
		return left
	}
	h.pinged = now.UnixNano()
	h.conn.ping()
	return min(options.PingTimeout, options.PingInterval)
}

// ping asks a client of version 4 for a sign of life.
func (c *Conn) ping() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.sendTextLocked("2")
	}
}

// full tells whether the client waits for its own messages to be handled.
func (c *Conn) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in.full
}

// stray tells whether a client has been in no namespace for too long.
func (c *Conn) stray(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgoLocked(now)
	return len(c.spaces) == 0 && now.Sub(c.alone) > connectTimeout
}
