package wire

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// takes is how long ago a client must have taken something to count as one that takes
// what it is sent.
const takes = 20 * time.Millisecond

// shedPause is the time between two looks at what waits. While there is nobody to drop it
// grows up to shedPauseMax.
const (
	shedPause    = 10 * time.Millisecond
	shedPauseMax = 100 * time.Millisecond
)

// A laggard is a client for which something waits.
type laggard struct {
	conn  *Conn
	class int       // the lowest goes first
	since time.Time // then the oldest
	size  int
}

// The classes of laggards.
const (
	neverPolled = iota
	idle        // takes nothing, or has sent nothing for long of what it must still send
)

// shed drops clients until no more waits than may: first those that have never polled,
// then those that have taken nothing for longest, or sent nothing of what they must still
// send. A client that takes what it is sent stays.
func (s *shared) shed() {
	var dropped []*Conn
	for pause := shedPause; s.waiting.excess() > 0; pause = min(2*pause, shedPauseMax) {
		s.leftovers.clear()
		excess := s.waiting.excess() + s.waiting.limit/4 // some room, or the next is dropped at once
		for _, c := range dropped {
			excess -= int64(c.waits()) // it is about to be given up
		}
		for _, l := range s.laggards(time.Now()) {
			if excess <= 0 {
				break
			}
			l.conn.dropSlow()
			excess -= int64(l.size)
			dropped, pause = append(dropped, l.conn), shedPause
		}
		<-time.After(pause)
	}
	s.waiting.shedding.Store(false)
	if len(dropped) > 0 {
		s.options.Logger.Warn("transport: clients that took nothing were dropped, since too much waited for all together", "dropped", len(dropped), "MaxWaitingBytes", s.waiting.limit)
	}
	s.waiting.add(0) // more may have come meanwhile
}

// laggards returns the clients that may be dropped, in the order in which they go.
func (s *shared) laggards(now time.Time) (all []laggard) {
	for _, m := range s.registry.all() {
		if l, ok := m.lag(now); ok {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b laggard) int {
		return cmp.Or(cmp.Compare(a.class, b.class), a.since.Compare(b.since))
	})
	return all
}

// lag returns what waits for the client. It is not ok if nothing does, or if the client
// takes what it is sent.
func (c *Conn) lag(now time.Time) (l laggard, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.out.waits() + c.namespaces.waits()
	part := c.held.size()
	l = laggard{conn: c, class: idle, since: time.Unix(0, c.heartbeat.heard.Load()), size: out + part + c.in.size}
	switch {
	case c.disposed || out+part == 0:
		return l, false // what waits for its handler is not the client's to hurry
	case out > 0 && c.out.since.IsZero():
		return l, false // it was not its turn yet
	case out > 0 && c.out.ws == nil && !c.out.polled:
		l.class, l.since = neverPolled, c.out.since
	case out > 0:
		l.since = c.out.since
	}
	return l, now.Sub(l.since) > takes
}

// waits returns how many bytes wait to be sent.
func (c *Conn) waits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out.waits()
}

// dropSlow ends the connection of a client that takes nothing, and tells nobody.
func (c *Conn) dropSlow() {
	c.mu.Lock()
	first := c.closeLocked(ReasonSlow)
	c.in.clear()
	c.abortLocked()
	c.mu.Unlock()
	if first {
		c.shared.observer.dropped(DroppedShed)
	}
	c.dispose()
}

// abortLocked ends the requests that read or write at the client's pace. c.mu is held.
func (c *Conn) abortLocked() {
	for request := range c.requests {
		_ = request.SetReadDeadline(time.Unix(1, 0))
		_ = request.SetWriteDeadline(time.Unix(1, 0))
	}
}

// leftovers are connections that have ended, and whose last messages wait for the app. It
// has its own lock; clear takes theirs.
type leftovers struct {
	mu    sync.Mutex
	conns map[*Conn]struct{}
}

func (l *leftovers) add(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns == nil {
		l.conns = make(map[*Conn]struct{})
	}
	l.conns[c] = struct{}{}
}

func (l *leftovers) remove(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// clear drops the messages.
func (l *leftovers) clear() {
	l.mu.Lock()
	conns := l.conns
	l.conns = nil
	l.mu.Unlock()
	for c := range conns {
		c.mu.Lock()
		c.in.clear()
		c.mu.Unlock()
	}
}
