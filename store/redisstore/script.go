package redisstore

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// refused is the reply to one of several that a script was to do, if Redis has refused it.
// Tried alone, it gets the error.
var refused any = int64(5)

// A script is sent by its hash, once Redis knows it.
type script struct {
	source, hash any // strings
	keys         any // how many
	late         int // see command
	perKey       int // see command
	common       *[3]any
}

func newScript(keys int, source string) script {
	return script{source: source, hash: redis.NewScript(keys, source).Hash(), keys: keys}
}

// lateAt names the further argument that says "late" when the script is run again, though it
// may have been run.
func (s script) lateAt(n int) script {
	s.late = 2 + s.keys.(int) + n - 1
	return s
}

// each says that calls of the script may go as one, which has the keys of all and then as
// many further arguments for each. Its reply is a list.
func (s script) each(args int) script {
	s.perKey = args
	return s
}

// with returns the script with further arguments, which are the last, and the same for all.
func (s script) with(common *[3]any) script {
	s.common = common
	return s
}

// on returns the arguments of a call of the script: its keys, and further ones.
func (s script) on(args ...any) []any {
	return append(append(make([]any, 0, 2+len(args)), s.hash, s.keys), args...)
}

// run runs a script with the arguments that on has returned, and returns its reply. once
// says that it must not run twice, repeated that it was sent twice.
func (p *pipe) run(ctx context.Context, script script, once bool, args []any) (reply any, repeated bool, err error) {
	evaluate := command{name: "EVALSHA", args: args, once: once, late: script.late, perKey: script.perKey, common: script.common}
	done, err := p.do(ctx, evaluate)
	if err == nil && hasCode(done[0].err, "NOSCRIPT") {
		repeated = done[0].repeated // by a server that was started again in between
		evaluate.name, args[0] = "EVAL", script.source
		done, err = p.do(ctx, evaluate)
	}
	if err == nil && done[0].reply == refused {
		repeated = repeated || done[0].repeated
		evaluate.perKey = 0
		done, err = p.do(ctx, evaluate)
	}
	switch {
	case err != nil:
		return nil, false, err
	case hasCode(done[0].err, "MOVED"):
		return nil, false, fmt.Errorf("%w: %w", ErrCluster, done[0].err)
	}
	return done[0].reply, repeated || done[0].repeated, done[0].err
}
