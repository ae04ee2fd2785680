package plugin

import "sync"

// A latch is what a channel that only ever closes is: somebody waits until
// somebody else has done something, once. It takes a channel only where it is
// waited for, which few are. The zero value is open.
type latch struct {
	mu     sync.Mutex
	closed bool
	wakes  chan struct{}
}

// close closes the latch. It may be called again.
func (l *latch) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed && l.wakes != nil {
		close(l.wakes)
	}
	l.closed = true
}

func (l *latch) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// done returns a channel that closes with the latch.
func (l *latch) done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wakes == nil {
		l.wakes = make(chan struct{})
		if l.closed {
			close(l.wakes)
		}
	}
	return l.wakes
}

// wait returns when the latch is closed.
func (l *latch) wait() {
	if !l.isClosed() {
		<-l.done()
	}
}
