package redisstore

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/gomodule/redigo/redis"
)

// A pipe sends the commands of many goroutines together, in one write. That costs Redis
// and this process a fraction of a write and a read for each. The first call starts an
// exchange. Calls that come before it has a connection go with it. No call waits for
// the answers to others.
type pipe struct {
	pool *redis.Pool

	mu      sync.Mutex
	waiting []*call // if there are any, an exchange is about to send them
}

// A call is the commands of one goroutine, which waits for the replies.
type call struct {
	ctx      context.Context
	commands []command
	done     chan struct{} // closed when all are answered
}

type command struct {
	name  string
	args  []any
	reply any
	err   error
}

// do sends commands and waits for the replies, which it puts into the commands. The
// error is ctx's.
func (p *pipe) do(ctx context.Context, commands ...command) ([]command, error) {
	c := &call{ctx: ctx, commands: commands, done: make(chan struct{})}
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
		return commands, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// exchange sends the waiting calls in one write, and hands out the replies.
func (p *pipe) exchange() {
	conn := p.pool.Get() // if this fails, so does all below
	defer conn.Close()
	runtime.Gosched() // goroutines that are ready to run may call, too
	calls := p.takeWaiting()
	for _, c := range calls {
		c.send(conn)
	}
	err := conn.Flush()
	for _, c := range calls {
		err = c.receive(conn, err)
	}
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

func (c *call) send(conn redis.Conn) {
	for _, command := range c.commands {
		_ = conn.Send(command.name, command.args...) // Flush returns the error
	}
}

// receive reads the replies. err is not nil if the connection is lost.
func (c *call) receive(conn redis.Conn, err error) error {
	defer close(c.done)
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

// A script is sent by its hash, once Redis knows it.
type script struct {
	source, hash string
}

func newScript(source string) script {
	return script{source, redis.NewScript(1, source).Hash()}
}

// run runs a script on one key, and returns its reply.
func (p *pipe) run(ctx context.Context, script script, key string, args ...any) (any, error) {
	args = append([]any{script.hash, 1, key}, args...)
	done, err := p.do(ctx, command{name: "EVALSHA", args: args})
	if err == nil && isNoScript(done[0].err) {
		args[0] = script.source
		done, err = p.do(ctx, command{name: "EVAL", args: args})
	}
	if err != nil {
		return nil, err
	}
	return done[0].reply, done[0].err
}

func isNoScript(err error) bool {
	failed, ok := err.(redis.Error) //nolint:errorlint // redigo does not wrap a reply
	return ok && strings.HasPrefix(string(failed), "NOSCRIPT ")
}
