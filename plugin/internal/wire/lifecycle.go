package wire

import (
	"sync"
	"sync/atomic"
	"time"
)

// The reasons why a connection ended, in Socket.IO's words.
const (
	ReasonClosed   = "transport close"             // the client hung up
	ReasonError    = "transport error"             // a write failed, or the client broke the rules
	ReasonSlow     = "slow"                        // the client did not take what it was sent
	ReasonTimeout  = "ping timeout"                // the client was silent
	ReasonServer   = "server namespace disconnect" // the server hung up
	ReasonShutdown = "server shutting down"        // Wire.Close
)

// A lifecycle is the state of a connection between its handshake and its end. Its mu
// guards it, and every part of the connection that does not say otherwise.
type lifecycle struct {
	established atomic.Bool // go-socket.io has taken over the connection, or given it up

	mu        sync.Mutex
	reason    string        // why the connection ends; "" while it lives
	shut      bool          // go-socket.io has closed the connection, and reads no more
	ending    bool          // the queue takes no more
	disposed  bool          // dispose was called
	forgotten bool          // the connection has left the registry
	done      chan struct{} // closed when forgotten; made by Done
	timer     *time.Timer   // calls dispose, even if the client never answers
}

// A terminator is a connection that one of its parts ends, or has sent later. The part
// holds mu.
type terminator interface {
	putOffLocked()                                                  // sends the queue soon
	violateLocked(err error)                                        // the client broke the rules
	breakLocked()                                                   // a write has failed
	hangUpLocked(reason string, writing time.Duration) (first bool) // after the queue was sent
	endInLocked(d time.Duration)                                    // whatever the client does
}

// Done returns a channel that closes when the connection has ended and its websocket
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

// IsShut reports whether go-socket.io has closed the connection. It leaves its namespaces
// after that, one by one.
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

// finish notes that the connection has left the registry.
func (l *lifecycle) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgotten = true
	if l.done != nil {
		close(l.done)
	}
}
