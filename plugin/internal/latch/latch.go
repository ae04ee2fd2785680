// Package latch has a one-shot event.
package latch

import (
	"sync"
	"sync/atomic"
)

// A Latch is a one-shot event. It is open until somebody closes it. It allocates its
// channel only when somebody waits, which is rare. The zero value is open. Its
// methods are safe for concurrent use.
type Latch struct {
	closed atomic.Bool // set under mu
	mu     sync.Mutex
	wakes  chan struct{}
}

// Close closes the latch. Further calls change nothing.
func (l *Latch) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed.Swap(true) && l.wakes != nil {
		close(l.wakes)
	}
}

// IsClosed reports whether the latch is closed.
func (l *Latch) IsClosed() bool { return l.closed.Load() }

// Done returns a channel that closes with the latch.
func (l *Latch) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wakes == nil {
		l.wakes = make(chan struct{})
		if l.closed.Load() {
			close(l.wakes)
		}
	}
	return l.wakes
}

// Wait returns when the latch is closed.
func (l *Latch) Wait() {
	if !l.IsClosed() {
		<-l.Done()
	}
}
