package store

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// Memory is a [Backend] in the memory of this process. It keeps every promise
// exactly, and ends with the process. Its zero value is empty and ready to use. It
// starts no goroutine: each new session removes a few that have expired.
type Memory struct {
	notes hub
	said  hub
	mu    sync.RWMutex
	items map[string]item
	rolls map[string]*memoryRoll // by user
}

type item struct {
	bytes  []byte
	expiry time.Time
}

var (
	_ Backend  = (*Memory)(nil)
	_ Lister   = (*Memory)(nil)
	_ Prober   = (*Memory)(nil)
	_ Teller   = (*Memory)(nil)
	_ Speaker  = (*Memory)(nil)
	_ Audience = (*Memory)(nil)
)

// sweepWidth is how many sessions a new one looks at for expired ones. Any number
// above one removes them faster than they are made.
const sweepWidth = 8

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return new(Memory) }

// Find implements [Backend].
func (m *Memory) Find(_ context.Context, key string) ([]byte, time.Time, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found, ok := m.liveLocked(key)
	return found.bytes, found.expiry, ok, nil
}

// Swap implements [Backend].
func (m *Memory) Swap(_ context.Context, key string, change Change) ([]byte, bool, error) {
	current, ok := m.swap(key, change)
	if ok {
		m.notes.tell(change.Note)
	}
	return current, ok, nil
}

func (m *Memory) swap(key string, change Change) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current, ok := m.liveLocked(key)
	if ok != (change.Old != nil) || !bytes.Equal(current.bytes, change.Old) {
		return current.bytes, false
	}
	if !m.ownLocked(key, change.Owner) {
		return nil, false
	}
	if m.items == nil {
		m.items = make(map[string]item)
	}
	if !ok {
		m.sweepLocked()
	}
	m.items[key] = item{bytes: change.New, expiry: change.Life.After(current.expiry)}
	return change.New, true
}

// Touch implements [Backend].
func (m *Memory) Touch(_ context.Context, key string, life Life) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current, ok := m.liveLocked(key)
	if ok {
		current.expiry = life.After(current.expiry)
		m.items[key] = current
	}
	return ok, nil
}

// Delete implements [Backend].
func (m *Memory) Delete(_ context.Context, key string, note Note) ([]byte, error) {
	m.mu.Lock()
	last, ok := m.liveLocked(key)
	delete(m.items, key)
	m.mu.Unlock()
	if ok {
		m.notes.tell(note)
	}
	return last.bytes, nil
}

// All implements [Lister].
func (m *Memory) All(context.Context) (map[string][]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	all := make(map[string][]byte, len(m.items))
	for key := range m.items {
		if found, ok := m.liveLocked(key); ok {
			all[key] = found.bytes
		}
	}
	return all, nil
}

// Probe implements [Prober].
func (m *Memory) Probe(_ context.Context, keys []string) ([][]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := make([][]byte, len(keys))
	for n, key := range keys {
		if it, ok := m.liveLocked(key); ok {
			found[n] = it.bytes
		}
	}
	return found, nil
}

// Listen implements [Teller], for every Store on this Memory.
func (m *Memory) Listen(hear func(Note)) Line { return m.notes.listen(hear) }

// Hear implements [Speaker], for the same.
func (m *Memory) Hear(hear func(Note)) Line { return m.said.listen(hear) }

// Say implements [Speaker].
func (m *Memory) Say(_ context.Context, note Note) error {
	if note.Event.Kind == Said {
		m.said.tell(note)
	} else {
		m.notes.tell(note)
	}
	return nil
}

// Joined implements [Audience].
func (m *Memory) Joined(id string, but Line) bool { return m.notes.joined(id, but) }

// liveLocked returns the session under key unless it has expired.
func (m *Memory) liveLocked(key string) (item, bool) {
	found, ok := m.items[key]
	if !ok || !time.Now().Before(found.expiry) {
		return item{}, false
	}
	return found, true
}

// sweepLocked removes the expired ones among a few sessions. They are others each
// time: Go walks a map from a random place.
func (m *Memory) sweepLocked() {
	now, seen := time.Now(), 0
	m.sweepRollsLocked(now)
	for key, it := range m.items {
		if !now.Before(it.expiry) {
			delete(m.items, key)
		}
		if seen++; seen == sweepWidth {
			return
		}
	}
}
