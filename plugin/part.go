package plugin

import (
	"context"
	"time"
)

const (
	// newsWait is how long the end of a connection waits for its other namespaces, which
	// may be about to end too and not have heard of it yet.
	newsWait = 300 * time.Millisecond

	// othersWait is how long it waits for those that must go and have yet to tell the
	// client why. It does not wait longer for their OnInvalid.
	othersWait = 2 * time.Second
)

// part notes that a socket's client has been told why it must go, and has had its time to
// leave. Then part waits until the connection's other sockets that must go are as far.
// Call it where the end of the socket ends the connection.
func (so *socket) part() {
	so.parted.Close()
	if so.connection == nil {
		return // it never came in
	}
	heard, stop := context.WithTimeout(context.Background(), newsWait)
	defer stop()
	late, stop := context.WithTimeout(context.Background(), othersWait)
	defer stop()
	for _, other := range so.common.registry.socketsOf(so.connection) {
		if other != so && !other.hasParted(heard) && other.mustGo() {
			other.hasParted(late)
		}
	}
}

// hasParted waits until a socket's client has left, or was told why it must go and has had
// its time to leave. It is false if ctx ends first.
func (so *socket) hasParted(ctx context.Context) bool {
	select {
	case <-so.parted.Done():
	case <-so.left.Done():
	case <-ctx.Done():
		return false
	}
	return true
}

// mustGo reports whether a socket that was let in or refused is to end, or has.
func (so *socket) mustGo() bool {
	return so.ready.IsClosed() && (so.sentOut.Load() || so.why.Load() != nil)
}
