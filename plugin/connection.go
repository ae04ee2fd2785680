package plugin

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/socketio-sessions/socketio-sessions/plugin/internal/latch"
)

// A connection is what the sockets of one client share. It lives from the first socket
// to the end of the last.
type connection struct {
	// request is the handshake, if registry.keeps; else nil. It is set before the
	// connection is registered.
	request *http.Request
	stub    stub // of the ticket that opened the connection

	// handling is held while a handler of any namespace runs: OnConnect and
	// OnDisconnect of one never run beside an event of another. Unlock it with handled.
	handling sync.Mutex
	over     atomic.Pointer[latch.Latch] // closes when handling is free; nil while nobody waits

	callbacks sync.Mutex // see conn

	// These are guarded by registry.mu.
	sockets []*socket // in the order in which they asked to enter
	leaving []*socket // those that have left and are not gone

	anonymous bool // counts for Options.MaxAnonymous
}

// handled unlocks handling.
func (c *connection) handled() {
	c.handling.Unlock()
	if over := c.over.Swap(nil); over != nil {
		over.Close()
	}
}

// idle returns a channel that closes when no handler of the connection runs.
func (c *connection) idle() <-chan struct{} {
	over := new(latch.Latch)
	for !c.over.CompareAndSwap(nil, over) {
		if earlier := c.over.Load(); earlier != nil {
			over = earlier
			break
		}
	}
	if c.handling.TryLock() { // else its holder will see over
		c.handled()
	}
	return over.Done()
}

// inLocked returns the connection's socket in a namespace, nil if there is none.
// registry.mu is held.
func (c *connection) inLocked(n *namespace) *socket {
	if c == nil {
		return nil
	}
	return socketIn(c.sockets, n)
}

// lastLocked returns what closes when every namespace that the connection has
// asked for so far has answered; nil if it has asked for none. registry.mu is held.
func (c *connection) lastLocked() *latch.Latch {
	if n := len(c.sockets); n > 0 {
		return &c.sockets[n-1].ready
	}
	return nil
}

// socketIn returns the first of some sockets that is in a namespace, nil when there
// is none.
func socketIn(sockets []*socket, n *namespace) *socket {
	for _, so := range sockets {
		if so.namespace == n {
			return so
		}
	}
	return nil
}
