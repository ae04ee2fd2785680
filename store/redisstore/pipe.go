package redisstore

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"
)

// A pipe sends the commands of many goroutines together, in one write. That costs Redis
// and this process a fraction of a write and a read for each. The first call starts an
// exchange. Calls that come before it has a connection go with it. No call waits for the
// answers to others, but those that Redis gets as one command are answered together.
type pipe struct {
	pool    *redis.Pool
	failed  atomic.Int64 // when a connection was last found broken; Unix nanoseconds
	denied  atomic.Int64 // when a server has last refused a call that another takes
	free    sync.Pool    // calls that were answered
	batches sync.Pool    // that were answered

	suspected atomic.Int64 // when connections that listen were last given up

	mu      sync.Mutex
	waiting []*call       // if there are any, an exchange is about to send them
	spare   [][]*call     // empty lists, for the next that wait
	moved   chan struct{} // see move; nil while nobody waits for that
}

// loadingPause is how long a server that is loading its data is left alone.
const loadingPause = 100 * time.Millisecond

// gatherRounds is how often an exchange may wait for goroutines that are ready to run.
const gatherRounds = 4

// restLimit is how long a connection may rest before it is tried.
const restLimit = time.Second

var errOutdated = errors.New("redisstore: the connection rested while others broke")

// use makes the pipe work on a pool.
func (p *pipe) use(pool *redis.Pool) {
	p.pool = pool
	test := pool.TestOnBorrow
	if test == nil && pool.TestOnBorrowContext == nil {
		test = func(conn redis.Conn, since time.Time) error {
			if time.Since(since) < restLimit {
				return nil
			}
			_, err := conn.Do("PING")
			return err
		}
	}
	pool.TestOnBorrow = func(conn redis.Conn, since time.Time) error {
		switch {
		case since.UnixNano() <= p.failed.Load():
			return errOutdated
		case test == nil:
			return nil
		}
		defer p.tested(conn)
		return test(conn, since)
	}
	if test := pool.TestOnBorrowContext; test != nil {
		pool.TestOnBorrowContext = func(ctx context.Context, conn redis.Conn, since time.Time) error {
			defer p.tested(conn)
			return test(ctx, conn, since)
		}
	}
}

// tested notes that a connection was found broken. To try each that rested as long could
// take a timeout for each.
func (p *pipe) tested(conn redis.Conn) {
	if conn.Err() != nil {
		p.failed.Store(time.Now().UnixNano())
	}
}

// do sends one or two commands, and waits for the answers. The error is ctx's.
func (p *pipe) do(ctx context.Context, commands ...command) (done [2]answer, err error) {
	c, ok := p.free.Get().(*call)
	if !ok {
		c = &call{done: make(chan struct{}, 1)}
	}
	c.take(ctx, commands)
	first := p.await(c)
	switch {
	case first && ctx.Done() == nil:
		p.exchange()
	case first:
		go p.exchange() // ends with the answers
	}
	if ctx.Done() == nil {
		<-c.done
	} else {
		select {
		case <-c.done:
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
	done = [...]answer{c.room[0].answer, c.room[1].answer}
	c.ctx, c.room, c.key[0] = nil, [2]command{}, nil
	p.free.Put(c)
	return done, nil
}

// await makes a call wait to be sent, and reports whether it is the first.
func (p *pipe) await(c *call) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.spare) - 1; p.waiting == nil && last >= 0 {
		p.waiting, p.spare = p.spare[last], p.spare[:last]
	}
	p.waiting = append(p.waiting, c)
	return len(p.waiting) == 1
}

// exchange sends the waiting calls in one write, and hands out the replies. What the
// connection was to blame for it sends once more, on another.
func (p *pipe) exchange() {
	began := time.Now()
	conn := p.pool.Get() // if this fails, so does all below
	p.gather()
	calls := p.takeWaiting()
	again, refused := p.send(conn, calls)
	p.reuse(calls)
	if len(again) > 0 {
		p.failed.Store(time.Now().UnixNano())
	}
	if refused {
		p.denied.Store(time.Now().UnixNano())
	}
	p.release(conn, began)
	if len(again) == 0 {
		return
	}
	if hasCode(again[0].failure(), "LOADING") {
		time.Sleep(loadingPause)
	}
	began, conn = time.Now(), p.pool.Get()
	_, still := p.send(conn, again)
	if refused && !still && conn.Err() == nil {
		p.move()
	}
	p.release(conn, began)
}

// gather lets goroutines that are ready to run call, too, until no more do.
func (p *pipe) gather() {
	for seen, round := 0, 0; round < gatherRounds; round++ {
		runtime.Gosched()
		p.mu.Lock()
		waiting := len(p.waiting)
		p.mu.Unlock()
		if waiting == seen {
			return
		}
		seen = waiting
	}
}

// suspectPause is how long after connections were given up others are not, on suspicion.
const suspectPause = 10 * time.Second

// suspect gives up the connections that are there, those that listen included: they do not
// all lead to one server, so that some may lead to one that is no primary any more. It
// reports whether it did: not if that was just done.
func (p *pipe) suspect() bool {
	last, now := p.suspected.Load(), time.Now().UnixNano()
	if now-last < int64(suspectPause) || !p.suspected.CompareAndSwap(last, now) {
		return false
	}
	p.failed.Store(now)
	p.denied.Store(now)
	p.move()
	return true
}

// release gives a connection back. One that was taken before a server refused a call may
// lead to that server, so it is given up.
func (p *pipe) release(conn redis.Conn, taken time.Time) {
	if taken.UnixNano() <= p.denied.Load() {
		giveUp(conn)
	}
	_ = conn.Close()
}

// giveUp makes the pool drop a connection when it is closed.
func giveUp(conn redis.Conn) {
	_, _ = redis.ReceiveWithTimeout(conn, time.Nanosecond) // a timeout is final
}

// moves returns a channel that is closed when one server has refused a call and another
// has taken it.
func (p *pipe) moves() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved == nil {
		p.moved = make(chan struct{})
	}
	return p.moved
}

// move closes that.
func (p *pipe) move() {
	p.suspected.Store(time.Now().UnixNano())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.moved != nil {
		close(p.moved)
		p.moved = nil
	}
}

// send sends calls and hands out the replies. It returns the calls to send again, which
// wait on: none of those that were sent twice. refused says that another server would
// have taken a call.
func (p *pipe) send(conn redis.Conn, calls []*call) (again []*call, refused bool) {
	unmade := conn.Err() != nil
	p.answer(conn, calls, func(c *call) {
		refused = refused || isElsewhere(c.failure())
		if !unmade && c.mayRepeat() {
			again = append(again, c)
		} else {
			c.done <- struct{}{}
		}
	})
	return again, refused
}

// takeWaiting returns the waiting calls, but for those whose ctx has ended, and forgets
// them.
func (p *pipe) takeWaiting() []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := slices.DeleteFunc(p.waiting, func(c *call) bool { return c.ctx.Err() != nil })
	p.waiting = nil
	return calls
}

// reuse keeps a list of calls that were answered.
func (p *pipe) reuse(calls []*call) {
	clear(calls)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare = append(p.spare, calls[:0])
}
