package store

import (
	"sync"
	"time"
)

// memory is how long the reason of an end is remembered: long enough for a
// client to come back and be told.
const memory = 2 * time.Minute

// ends remembers why sessions ended, by id. The zero value is ready to
// use.
type ends struct {
	mu    sync.Mutex
	known map[string]end
	order []string // the ids, oldest first
}

type end struct {
	kind Kind
	at   time.Time
}

// add remembers the reason of an end, and forgets those that are too old.
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
	if _, ok := e.known[id]; !ok {
		e.known[id] = end{kind, now}
		e.order = append(e.order, id)
	}
}

func (e *ends) of(id string) Kind {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.known[id]
	if !ok || time.Since(known.at) > memory {
		return ""
	}
	return known.kind
}
