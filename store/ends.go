package store

import (
	"context"
	"sync"
	"time"
)

const (
	// memory is how long the reason of an end is remembered: long enough for a
	// client to come back and be told.
	memory = 2 * time.Minute

	// renewalTime is how long a renewal may take. What is still renewing then was
	// given up, by a node that could not say so.
	renewalTime = 30 * time.Second
)

// ends remembers why sessions ended, by id. The zero value is ready to
// use.
type ends struct {
	mu      sync.Mutex
	known   map[string]end
	order   []string // the ids, oldest first
	awaited map[string]*awaitedEnd
}

type end struct {
	kind Kind
	at   time.Time
}

// An awaitedEnd is an end that somebody waits to hear of.
type awaitedEnd struct {
	known   chan struct{} // closed when it is
	waiters int
}

// add remembers the reason of an end, and forgets those that are too old. What is
// said of one that is known replaces it: a renewal ends in one way or another. But
// expired says who knows nothing better.
func (e *ends) add(id string, kind Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for len(e.order) > 0 && now.Sub(e.known[e.order[0]].at) > memory {
		delete(e.known, e.order[0])
		e.order = e.order[1:]
	}
	if e.known == nil {
		e.known = make(map[string]end)
	}
	if old, ok := e.known[id]; ok {
		if kind != Expired && kind != renewing {
			e.known[id] = end{kind, old.at}
		}
		return
	}
	e.known[id] = end{kind, now}
	e.order = append(e.order, id)
	if a := e.awaited[id]; a != nil {
		close(a.known)
		delete(e.awaited, id)
	}
}

func (e *ends) of(id string) Kind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ofLocked(id)
}

func (e *ends) ofLocked(id string) Kind {
	known, ok := e.known[id]
	age := time.Since(known.at)
	switch {
	case !ok || age > memory:
		return ""
	case known.kind != renewing:
		return known.kind
	case age > renewalTime:
		return Destroyed
	}
	return Renewed
}

// await returns the reason of an end as soon as it is known, "" when ctx ends
// before.
func (e *ends) await(ctx context.Context, id string) Kind {
	e.mu.Lock()
	defer e.mu.Unlock()
	if kind := e.ofLocked(id); kind != "" {
		return kind
	}
	a := e.awaited[id]
	if a == nil {
		if e.awaited == nil {
			e.awaited = make(map[string]*awaitedEnd)
		}
		a = &awaitedEnd{known: make(chan struct{})}
		e.awaited[id] = a
	}
	a.waiters++
	e.mu.Unlock()
	select {
	case <-a.known:
	case <-ctx.Done():
	}
	e.mu.Lock()
	if a.waiters--; a.waiters == 0 && e.awaited[id] == a {
		delete(e.awaited, id)
	}
	return e.ofLocked(id)
}
