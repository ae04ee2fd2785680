package store

import (
	"slices"
	"sync"
)

// An inbox has the events that wait for the reader of a [Watch]. They wait by session,
// each kind once, so it holds a few for each session that is followed, however slow the
// reader is.
type inbox struct {
	ready chan struct{} // has a value when something was added

	mu      sync.Mutex
	missed  bool // something of any session
	order   []string
	waiting map[string][]Event // by id
}

func newInbox() *inbox {
	return &inbox{ready: make(chan struct{}, 1), waiting: make(map[string][]Event)}
}

// add adds an event.
func (i *inbox) add(event Event) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if event.ID == "" {
		i.missed = true
	} else {
		i.merge(event)
	}
	select {
	case i.ready <- struct{}{}:
	default:
	}
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

// next takes out all events of the session whose events have waited longest. It is empty
// when nothing waits.
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
	}
	return nil
}
