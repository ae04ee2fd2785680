package redisstore

import "sync"

// A quiet remembers the sessions whose changes were not published, since this node was
// the only one that listened, as far as it knew. If its connection had already been lost,
// another was: the changes are then published after all. It has its own lock.
type quiet struct {
	mu           sync.Mutex
	now, earlier map[string]struct{} // ids, since the last pong and since the one before
}

// add remembers an id.
func (q *quiet) add(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.now == nil {
		q.now = make(map[string]struct{})
	}
	q.now[id] = struct{}{}
}

// alive notes a pong: the connection was there when the ping was sent, which was after
// the pong before.
func (q *quiet) alive() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now, q.earlier = nil, q.now
}

// take returns the ids, and forgets them.
func (q *quiet) take() (ids []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, some := range []map[string]struct{}{q.now, q.earlier} {
		for id := range some {
			ids = append(ids, id)
		}
	}
	q.now, q.earlier = nil, nil
	return ids
}
