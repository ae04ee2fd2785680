package store

import (
	"context"
	"sync"
	"time"
)

const (
	// endMemory is how long the reason of an end is remembered: long enough for a
	// client to come back and be told.
	endMemory = 2 * time.Minute

	// renewalTimeout is how long a renewal may take. A session that is renewing for
	// longer was given up by a node that could not say so.
	renewalTimeout = 30 * time.Second
)

// ends remembers by id why sessions ended. It has its own lock, and its zero value
// is ready to use.
type ends struct {
	mu      sync.Mutex
	known   map[string]end
	order   []string // the ids of known, oldest first
	awaited map[string]*awaitedEnd
}

type end struct {
	kind Kind
	at   time.Time
}

// An awaitedEnd is an end that callers of await wait for.
type awaitedEnd struct {
	known   chan struct{} // closed when the end is known
	waiters int
}

// add remembers the reason of an end, and forgets reasons that are too old. A later
// reason replaces an earlier one, since a renewal can still succeed or fail. Expired
// and renewing replace nothing: they are what a node says that knows no better.
func (e *ends) add(id string, kind Kind) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	for len(e.order) > 0 && now.Sub(e.known[e.order[0]].at) > endMemory {
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

// of returns the reason of an end, "" where none is remembered.
func (e *ends) of(id string) Kind {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ofLocked(id)
}

func (e *ends) ofLocked(id string) Kind {
	known, ok := e.known[id]
	if !ok {
		return "" // nearly always: reading the clock would cost more than the rest
	}
	age := time.Since(known.at)
	switch {
	case age > endMemory:
		return ""
	case known.kind != renewing:
		return known.kind
	case age > renewalTimeout:
		return Destroyed
	}
	return Renewed
}

// await returns the reason of an end as soon as it is known, "" if ctx ends first.
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

// Ended returns why the session of an id ended. It knows that for two minutes after
// this Store ended the session or heard of its end. Otherwise it returns "".
func (c *Core) Ended(id string) Kind { return c.ends.of(id) }

// AwaitEnd returns what Ended does as soon as it is known, "" if ctx ends first. Call
// it after a session was found to have ended: the reason comes by another way, and
// may be a moment late.
func (c *Core) AwaitEnd(ctx context.Context, id string) Kind { return c.ends.await(ctx, id) }
