package wire

import (
	"sync"
	"sync/atomic"
	"time"
)

// The reasons why a connection ended, in Socket.IO's words.
const (
	ReasonClosed   = "transport close"             // the client hung up
	ReasonError    = "transport error"             // it broke, or the client broke the rules
	ReasonTimeout  = "ping timeout"                // nothing was heard of the client
	ReasonServer   = "server namespace disconnect" // the server hung up
	ReasonShutdown = "server shutting down"        // Wire.Close
)

// A lifecycle is how far a connection has come. Its mu guards it and every part
// of the connection that does not say otherwise.
type lifecycle struct {
	established atomic.Bool // go-socket.io has taken the connection over, or has given it up

	mu        sync.Mutex
	reason    string        // why it ends; "" while it lives, and takes in what comes
	shut      bool          // go-socket.io has closed it, and reads no more
	ending    bool          // what is queued is all that will be sent
	disposed  bool          // its wires are closed
	forgotten bool          // it has left the registry
	done      chan struct{} // closed then; made by Done
	timer     *time.Timer   // disposes of it, also if nobody listens
}

// A terminator ends the connection for one of its parts, which holds its mu.
type terminator interface {
	violateLocked(err error)                           // the client broke the rules
	breakLocked()                                      // the wire is broken
	hangUpLocked(reason string, writing time.Duration) // what is queued goes first
	endInLocked(d time.Duration)                       // in any case
}

// Done returns a channel that closes when the connection is over and its wire
// is closed.
func (l *lifecycle) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done == nil {
		l.done = make(chan struct{})
		if l.forgotten {
			close(l.done)
		}
	}
	return l.done
}

// Reason returns why the connection ended, "" while it lives.
func (l *lifecycle) Reason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reason
}

// IsShut tells whether go-socket.io has closed the connection: it has left every
// namespace by then.
func (l *lifecycle) IsShut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shut
}

func (l *lifecycle) isEnding() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending
}

// finish notes that the connection is over and has left the registry.
func (l *lifecycle) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten = true
	if l.done != nil {
		close(l.done)
	}
}
