package redisstore

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/gomodule/redigo/redis"
)

// A call is the commands of one goroutine, which waits for the replies.
type call struct {
	ctx      context.Context
	commands []command
	left     int           // how many of commands have no answer yet
	room     [2]command    // for commands
	key      [1]any        // for the args of those that have a key alone
	done     chan struct{} // gets a value when all are answered
}

type command struct {
	call   *call
	name   string
	key    any // the only argument, of both commands of a call: it needs no list
	args   []any
	once   bool    // it must not be made twice
	late   int     // which argument becomes "late" if it may be; 0 for none
	joins  bool    // a GET that may be part of an MGET
	perKey int     // if it is a script that may go with others: how many arguments it has beside its key
	common *[3]any // further arguments, nil for none; those that go together have the same
	answer
}

// An answer is what came of a command.
type answer struct {
	reply    any
	err      error
	repeated bool // it is that to the second try
}

// take makes the commands those of the call.
func (c *call) take(ctx context.Context, commands []command) {
	c.ctx, c.commands = ctx, c.room[:copy(c.room[:], commands)]
	for i := range c.commands {
		command := &c.commands[i]
		command.call = c
		if command.args == nil {
			c.key[0] = command.key
			command.args = c.key[:]
		}
	}
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
