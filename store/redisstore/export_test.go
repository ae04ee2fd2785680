package redisstore

import (
	"strings"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// RestLimit is how long a connection may rest before it is tried.
const RestLimit = restLimit

// Changed returns how many ids a line has yet to subscribe to or to unsubscribe from.
func Changed(of store.Line) int {
	f := of.(*line).feed
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.changed)
}

// SwapScripts returns the scripts of a swap and of a quiet one, as Redis 7 runs them, and as a
// server does that does not tell its version.
func SwapScripts() (now, before [2]string) {
	for i, script := range []script{swapScript, quietScript} {
		now[i] = script.source.(string)
		before[i] = strings.Replace(now[i], "redis.REDIS_VERSION_NUM", "redis.NO_SUCH_THING", 1)
	}
	return now, before
}

// Waiting returns how many calls wait for a connection.
func (r *RedisStore) Waiting() int {
	r.pipe.mu.Lock()
	defer r.pipe.mu.Unlock()
	return len(r.pipe.waiting)
}

// Rejoins makes a line leave an id before Redis confirms it, and join it again after that. It
// reports whether the line knows that it hears the id.
func Rejoins() bool {
	l := &line{receiver: receiver{hear: func(store.Note) {}}}
	f := &feed{to: l, wake: make(chan struct{}, 1), joined: make(map[string]uint64), shared: make(map[string]bool)}
	f.connecting()
	f.confirm("", true)
	f.join("id")
	f.nextChunk()
	f.leave("id")
	f.confirm("id", true)
	f.join("id")
	return f.listensTo("id")
}
