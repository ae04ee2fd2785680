package wire

import (
	"sync/atomic"
	"time"
)

// A heartbeat ends the connection of a silent client. In version 3 of Engine.IO the
// client sends the pings, in version 4 the server does. A connection has one timer.
// It is reset when it fires, not for each frame.
type heartbeat struct {
	peer    peer
	version int
	options *Options
	timer   *time.Timer
	heard   atomic.Int64 // the time of the last frame, in Unix nanoseconds
	pinged  int64        // the time of the last ping of version 4; only beat uses it
	stopped atomic.Bool
}

// A peer is a connection, as its heartbeat sees it.
type peer interface {
	full() bool                 // the inbox is full: we do not read from the client
	outside(now time.Time) bool // the client has been in no namespace for too long
	ping() bool                 // false before OPEN, which comes first
	lose(reason string)
}

// start starts the timer. The handshake counts as the first heartbeat.
func (h *heartbeat) start(p peer, version int, options *Options, now time.Time) {
	h.peer, h.version, h.options = p, version, options
	h.heard.Store(now.UnixNano())
	h.pinged = now.UnixNano() // OPEN counts as the first ping
	wait := options.PingInterval
	if version == 3 {
		wait += options.PingTimeout
	}
	h.timer = time.AfterFunc(time.Hour, h.beat)
	h.timer.Reset(wait) // not before h.timer is set, which beat uses
}

// hear notes that the client is alive.
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

// silence returns how long the client may stay silent, and sends a ping if one is
// due. Zero or less means that the client is gone.
func (h *heartbeat) silence(now time.Time) time.Duration {
	if h.peer.full() {
		h.hear() // the client may well have sent something
	}
	heard := now.Sub(time.Unix(0, h.heard.Load()))
	if h.version == 3 {
		return h.options.PingInterval + h.options.PingTimeout - heard
	}
	since := now.Sub(time.Unix(0, h.pinged))
	if h.heard.Load() < h.pinged {
		return min(h.options.PingTimeout-since, h.options.PingInterval) // the next ping is due as soon as the client answers
	}
	if left := h.options.PingInterval - since; left > 0 {
		return left
	}
	h.pinged = now.UnixNano()
	if !h.peer.ping() {
		h.heard.Store(h.pinged) // OPEN counts as this ping, and the handshake as the answer
	}
	return min(h.options.PingTimeout, h.options.PingInterval)
}
