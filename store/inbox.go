package store

import (
	"slices"
	"sync"
)

// An inbox has the events that wait for the reader of a [Watch]. They wait by session,
// each kind once, so it holds a few for each session that is followed, however slow the
// reader is. What was said waits apart: a flood of that delays no end.
type inbox struct {
	ready chan struct{} // has a value when something was added

	mu      sync.Mutex
	missed  bool // something of any session
	order   []string
	waiting map[string][]Event // by id
	said    []Event
	size    int // of said, in bytes
}

// maxSaid is how many bytes of what was said may wait in an inbox. Each event has
// saidBytes more than its data.
const (
	maxSaid   = 16 << 20
	saidBytes = 256
)

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), waiting: make(map[string][]Event)}
}

// add adds an event. It returns false for something said that finds no room, and is
// lost.
func (i *inbox) add(event Event) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case event.Kind == Said:
		size := len(event.Data) + saidBytes
		if i.size+size > maxSaid {
			return false
		}
		i.said = append(i.said, event)
		i.size += size
	case event.ID == "":
		i.missed = true
	default:
		i.merge(event)
	}
	select {
	case i.ready <- struct{}{}:
	default:
	}
	return true
}

// merge adds the event of a session to what waits of that. i.mu is held.
func (i *inbox) merge(event Event) {
	waiting := i.waiting[event.ID]
	for n, other := range waiting {
		if other.Kind == event.Kind {
			waiting[n].Keys = joinKeys(other.Keys, event.Keys)
			return
		}
	}
	if waiting == nil {
		i.order = append(i.order, event.ID)
	}
	i.waiting[event.ID] = append(waiting, event)
}

// joinKeys returns the keys of two changes in order, nil if those of either are not known.
func joinKeys(a, b []string) []string {
	if a == nil || b == nil {
		return nil
	}
	both := slices.Concat(a, b)
	slices.Sort(both)
	return slices.Compact(both)
}

// next takes out what has waited longest: all events of a session, or one thing said.
// It is empty when nothing waits.
func (i *inbox) next() []Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.missed:
		i.missed = false
		return []Event{{Kind: Missed}}
	case len(i.order) > 0:
		id := i.order[0]
		i.order = i.order[1:]
		events := i.waiting[id]
		delete(i.waiting, id)
		return events
	case len(i.said) > 0:
		event := i.said[0]
		i.said[0] = Event{} // the array may live on
		i.said = i.said[1:]
		i.size -= len(event.Data) + saidBytes
		return []Event{event}
	}
	return nil
}
