package redisstore

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"
)

// A pipe sends the commands of many goroutines together, in one write. That costs Redis
// and this process a fraction of a write and a read for each. The first call starts an
// exchange. Calls that come before it has a connection go with it. No call waits for
// the answers to others.
type pipe struct {
	pool   *redis.Pool
	failed atomic.Int64 // when a connection was last found broken; Unix nanoseconds
	denied atomic.Int64 // when a server has last refused a call that another takes
	free   sync.Pool    // calls that were answered

	mu      sync.Mutex
	waiting []*call       // if there are any, an exchange is about to send them
	moved   chan struct{} // see move; nil while nobody waits for that
}

// A call is the commands of one goroutine, which waits for the replies.
type call struct {
	ctx      context.Context
	commands []command
	room     [2]command    // for commands
	done     chan struct{} // gets a value when all are answered
}

type command struct {
	name     string
	args     []any
	once     bool // it must not be made twice
	late     int  // which argument becomes "late" if it may be; 0 for none
	repeated bool // this is the second try
	reply    any
	err      error
}

// loadingPause is how long a server that is loading its data is left alone.
const loadingPause = 100 * time.Millisecond

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

// do sends one or two commands, waits for the replies, and returns the commands with
// them. The error is ctx's.
func (p *pipe) do(ctx context.Context, commands ...command) (done [2]command, err error) {
	c, ok := p.free.Get().(*call)
	if !ok {
		c = &call{done: make(chan struct{}, 1)}
	}
	c.ctx, c.commands = ctx, c.room[:copy(c.room[:], commands)]
	p.mu.Lock()
	p.waiting = append(p.waiting, c)
	first := len(p.waiting) == 1
	p.mu.Unlock()
	switch {
	case first && ctx.Done() == nil:
		p.exchange()
	case first:
		go p.exchange() // ends with the answers
	}
	select {
	case <-c.done:
		done = c.room
		c.ctx, c.room = nil, [2]command{}
		p.free.Put(c)
		return done, nil
	case <-ctx.Done():
		return done, ctx.Err()
	}
}

// exchange sends the waiting calls in one write, and hands out the replies. What the
// connection was to blame for it sends once more, on another.
func (p *pipe) exchange() {
	began := time.Now()
	conn := p.pool.Get() // if this fails, so does all below
	runtime.Gosched()    // goroutines that are ready to run may call, too
	calls := p.takeWaiting()
	again, refused := send(conn, calls)
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
	_, still := send(conn, again)
	if refused && !still && conn.Err() == nil {
		p.move()
	}
	p.release(conn, began)
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
func send(conn redis.Conn, calls []*call) (again []*call, refused bool) {
	unmade := conn.Err() != nil
	for _, c := range calls {
		for _, command := range c.commands {
			_ = conn.Send(command.name, command.args...) // Flush returns the error
		}
	}
	err := conn.Flush()
	for _, c := range calls {
		err = c.receive(conn, err)
		refused = refused || isElsewhere(c.failure())
		if !unmade && c.mayRepeat() {
			again = append(again, c)
		} else {
			c.done <- struct{}{}
		}
	}
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

// receive reads the replies. err is not nil if the connection is lost.
func (c *call) receive(conn redis.Conn, err error) error {
	for i := range c.commands {
		command := &c.commands[i]
		if err == nil {
			command.reply, command.err = conn.Receive()
			err = conn.Err()
		} else {
			command.err = err
		}
	}
	return err
}

// failure returns the first error.
func (c *call) failure() error {
	for _, command := range c.commands {
		if command.err != nil {
			return command.err
		}
	}
	return nil
}

// mayRepeat reports whether the call failed because of its connection, and may be sent
// once more. It then notes that.
func (c *call) mayRepeat() bool {
	may := false
	for i := range c.commands {
		command := &c.commands[i]
		switch {
		case command.err == nil:
			continue
		case command.repeated, c.ctx.Err() != nil:
			return false
		case !isElsewhere(command.err) && (!isBroken(command.err) || command.once):
			return false
		}
		may = true
	}
	for i := range c.commands {
		command := &c.commands[i]
		command.repeated = command.repeated || may
		if may && command.late > 0 && command.err != nil && !isElsewhere(command.err) {
			command.args[command.late] = "late"
		}
	}
	return may
}

// isElsewhere reports whether a server has refused a command that another will take, or
// the same one later.
func isElsewhere(err error) bool {
	return hasCode(err, "READONLY") || hasCode(err, "LOADING") || hasCode(err, "MASTERDOWN") ||
		hasCode(err, "ERR") && strings.Contains(err.Error(), "-READONLY ") // in a script, before Redis 7
}

// isBroken reports whether the connection has failed, and not only been silent for too
// long: then the server is busy, and another connection would wait as long.
func isBroken(err error) bool {
	refused, silent := redis.Error(""), net.Error(nil)
	return !errors.As(err, &refused) && !errors.Is(err, redis.ErrPoolExhausted) &&
		(!errors.As(err, &silent) || !silent.Timeout())
}

// hasCode reports whether an error is a reply of Redis that begins with a code.
func hasCode(err error, code string) bool {
	failed, ok := err.(redis.Error) //nolint:errorlint // redigo does not wrap a reply
	return ok && strings.HasPrefix(string(failed), code+" ")
}
