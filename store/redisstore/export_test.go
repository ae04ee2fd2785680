package redisstore

import "github.com/socketio-sessions/socketio-sessions/store"

// Todo returns how many ids a Redis line is about to tell its connection.
func Todo(of store.Line) int {
	l := of.(*line)
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.todo)
}

// Waiting returns how many callers wait for a connection.
func (r *RedisStore) Waiting() int {
	r.pipe.mu.Lock()
	defer r.pipe.mu.Unlock()
	return len(r.pipe.waiting)
}
