package redisstore

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// A script is sent by its hash, once Redis knows it.
type script struct {
	source, hash any // strings
	keys         any // how many
	late         int // see command
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

// on returns the arguments of a call of the script: its keys, and further ones.
func (s script) on(args ...any) []any {
	return append(append(make([]any, 0, 2+len(args)), s.hash, s.keys), args...)
}

// run runs a script with the arguments that on has returned, and returns its reply. once
// says that it must not run twice, repeated that it was sent twice.
func (p *pipe) run(ctx context.Context, script script, once bool, args []any) (reply any, repeated bool, err error) {
	done, err := p.do(ctx, command{name: "EVALSHA", args: args, once: once, late: script.late})
	if err == nil && hasCode(done[0].err, "NOSCRIPT") {
		repeated = done[0].repeated // by a server that was started again in between
		args[0] = script.source
		done, err = p.do(ctx, command{name: "EVAL", args: args, once: once, late: script.late})
	}
	switch {
	case err != nil:
		return nil, false, err
	case hasCode(done[0].err, "MOVED"):
		return nil, false, fmt.Errorf("%w: %w", ErrCluster, done[0].err)
	}
	return done[0].reply, repeated || done[0].repeated, done[0].err
}
