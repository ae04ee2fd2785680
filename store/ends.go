package store

import (
	"sync"
	"time"
)

// A Reason is why a session has ended.
type Reason string

// The reasons that a Store knows of.
const (
	Destroyed Reason = "destroyed" // by Destroy, as at a logout
	Renewed   Reason = "renewed"   // its token was replaced, as at a login
)

// memory is how long the reason of an end is remembered: long enough for a
// client to come back and be told.
const memory = 2 * time.Minute

// ends remembers why sessions ended, by store key. The zero value is ready to
// use.
type ends struct {
	mu    sync.Mutex
	known map[string]end
	order []string // the keys, oldest first
}

type end struct {
	reason Reason
	at     time.Time
}

// add remembers the reason of an end, and forgets those that are too old.
func (e *ends) add(key string, reason Reason) {
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
	if _, ok := e.known[key]; !ok {
		e.known[key] = end{reason, now}
		e.order = append(e.order, key)
	}
}

func (e *ends) reason(key string) Reason {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.known[key]
	if !ok || time.Since(known.at) > memory {
		return ""
	}
	return known.reason
}
