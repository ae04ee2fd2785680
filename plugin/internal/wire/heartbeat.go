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
	peer    peer
	version int
	options *Options
	timer   *time.Timer
	heard   atomic.Int64 // when something was heard last, in Unix nanoseconds
	pinged  int64        // when the last ping was sent, in version 4; the timer's own
	stopped atomic.Bool
}

// A peer is a connection, as its heartbeat sees it.
type peer interface {
	full() bool                 // the client waits for its own messages to be handled
	outside(now time.Time) bool // it has been in no namespace for too long
	ping()
	lose(reason string)
}

// start begins to watch a client, whose first heartbeat is the handshake.
func (h *heartbeat) start(p peer, version int, options *Options, now time.Time) {
	h.peer, h.version, h.options = p, version, options
	h.heard.Store(now.UnixNano())
	h.pinged = now.UnixNano() // the OPEN packet stands for the first
	wait := options.PingInterval
	if version == 3 {
		wait += options.PingTimeout
	}
	h.timer = time.AfterFunc(time.Hour, h.beat)
	h.timer.Reset(wait) // only now may it fire: beat uses the timer
}

// hear notes that the client lives.
func (h *heartbeat) hear() { h.heard.Store(time.Now().UnixNano()) }

func (h *heartbeat) stop() {
	h.stopped.Store(true)
	h.timer.Stop()
}

// beat runs when the timer fires.
func (h *heartbeat) beat() {
	if h.stopped.Load() {
		return
	}
	now := time.Now()
	if h.peer.outside(now) {
		h.peer.lose(ReasonTimeout)
		return
	}
	wait := h.silence(now)
	if wait <= 0 {
		h.peer.lose(ReasonTimeout)
		return
	}
	h.timer.Reset(wait)
}

// silence returns how long the client may go on as it does, and sends the ping
// that is due.
func (h *heartbeat) silence(now time.Time) time.Duration {
	if h.peer.full() {
		h.hear() // it is we who do not listen
	}
	heard := now.Sub(time.Unix(0, h.heard.Load()))
	if h.version == 3 {
		return h.options.PingInterval + h.options.PingTimeout - heard
	}
	since := now.Sub(time.Unix(0, h.pinged))
	if h.heard.Load() < h.pinged {
		return min(h.options.PingTimeout-since, h.options.PingInterval) // the next is due as soon as this is answered
	}
	if left := h.options.PingInterval - since; left > 0 {
		return left
	}
	h.pinged = now.UnixNano()
	h.peer.ping()
	return min(h.options.PingTimeout, h.options.PingInterval)
}
