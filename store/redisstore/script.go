package redisstore

import (
	"context"
	"fmt"

	"github.com/gomodule/redigo/redis"
)

// A script is sent by its hash, once Redis knows it.
type script struct {
	source, hash string
}

func newScript(source string) script {
	return script{source, redis.NewScript(1, source).Hash()}
}

// run runs a script on one key, and returns its reply. once says that it must not run
// twice, repeated that it was sent twice.
func (p *pipe) run(ctx context.Context, script script, once bool, key string, args ...any) (reply any, repeated bool, err error) {
	args = append([]any{script.hash, 1, key}, args...)
	done, err := p.do(ctx, command{name: "EVALSHA", args: args, once: once})
	if err == nil && hasCode(done[0].err, "NOSCRIPT") {
		args[0] = script.source
		done, err = p.do(ctx, command{name: "EVAL", args: args, once: once})
	}
	switch {
	case err != nil:
		return nil, false, err
	case hasCode(done[0].err, "MOVED"):
		return nil, false, fmt.Errorf("%w: %w", ErrCluster, done[0].err)
	}
	return done[0].reply, done[0].repeated, done[0].err
}
