package wire

import (
	"runtime"
	"sync"
)

// A flusher sends what was put off. A Cast is queued for all its clients first, and sent
// by a goroutine beside: whatever else comes for a client until it is its turn goes with
// it, in one write. It has its own lock, under which it calls nothing.
type flusher struct {
	mu      sync.Mutex
	due     []*Conn
	workers int // goroutines that send
}

// putOff is how many bytes may be put off for a client. What comes beyond that is sent at
// once, so whoever sends too much is slowed down.
const putOff = 64 << 10

// add makes a connection due.
func (f *flusher) add(c *Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, c)
	if f.workers < max(1, runtime.GOMAXPROCS(0)/2) {
		f.workers++
		go f.work() // ends when nothing is due
	}
}

// next takes out what has been due for longest, nil if nothing is.
func (f *flusher) next() []*Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	const some = 32 // for each worker at once
	if n := min(some, len(f.due)); n > 0 {
		next := f.due[:n:n]
		f.due = f.due[n:]
		return next
	}
	f.due = nil
	f.workers--
	return nil
}

func (f *flusher) work() {
	for {
		conns := f.next()
		if conns == nil {
			return
		}
		for _, c := range conns {
			c.flush()
		}
	}
}

// putOffLocked has the queue sent soon. c.mu is held.
func (c *Conn) putOffLocked() { c.shared.flusher.add(c) }

// flush sends what was put off.
func (c *Conn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.due = false
	if !c.disposed {
		c.out.sendNow()
	}
}
