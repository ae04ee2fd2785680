package store

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
)

// watchBuffer is how many events may wait for a watch before it is cut off.
const watchBuffer = 1024

// A Watch hears what becomes of the sessions that it follows. Close it when it
// is not needed any more. Its methods are safe for concurrent use.
type Watch struct {
	news   *news
	events chan Event
	ids    map[string]*atomic.Uint64 // how many events came; guarded by news.mu
	closed bool                      // guarded by news.mu
}

// news brings events from those who make them to the watches. The zero value
// is ready to use, but for its name and teller.
type news struct {
	name   string // of the Store, in its notes
	ends   *ends  // learns of the ends that are heard
	teller Teller // nil when nobody else can be heard

	mu      sync.RWMutex
	watches map[*Watch]struct{}
	follows map[string]int // by id: how many watches follow it
	line    Line           // open while anything is followed
}

func newNews(backend Backend, ends *ends) *news {
	teller, _ := backend.(Teller)
	return &news{name: rand.Text(), ends: ends, teller: teller}
}

// Watch returns a Watch that follows nothing yet.
func (c *Core) Watch() *Watch {
	n := c.news
	w := &Watch{news: n, events: make(chan Event, watchBuffer), ids: make(map[string]*atomic.Uint64)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watches == nil {
		n.watches = make(map[*Watch]struct{})
		n.follows = make(map[string]int)
	}
	n.watches[w] = struct{}{}
	return w
}

// Events returns the events of the sessions that are followed. The channel is
// closed by Close, and when the listener was so slow that too many were
// waiting: then make a new Watch, and ask the store what was missed.
func (w *Watch) Events() <-chan Event { return w.events }

// Heard counts the events of a session since it is followed. The number has
// changed when the call that made an event returns, if that was in this process,
// and so before the event can be received: whoever compares it with an earlier one
// knows whether something has become of the session.
func (w *Watch) Heard(id string) uint64 {
	w.news.mu.RLock()
	defer w.news.mu.RUnlock()
	if n := w.ids[id]; n != nil {
		return n.Load()
	}
	return 0
}

// Follow adds the session of an id. Load the session afterwards, and nothing
// is missed in between.
func (w *Watch) Follow(id string) {
	n := w.news
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := w.ids[id]; ok || w.closed {
		return
	}
	w.ids[id] = new(atomic.Uint64)
	if n.follows[id]++; n.follows[id] > 1 || n.teller == nil {
		return
	}
	if n.line == nil {
		n.line = n.teller.Listen(n.hear)
		if line, ok := n.line.(Ignorer); ok {
			line.Ignore(n.name)
		}
	}
	n.line.Join(id)
}

// Unfollow takes the session of an id out.
func (w *Watch) Unfollow(id string) {
	w.news.mu.Lock()
	defer w.news.mu.Unlock()
	w.unfollowLocked(id)
}

func (w *Watch) unfollowLocked(id string) {
	n := w.news
	if _, ok := w.ids[id]; !ok {
		return
	}
	delete(w.ids, id)
	if n.follows[id]--; n.follows[id] > 0 {
		return
	}
	delete(n.follows, id)
	if n.line != nil {
		n.line.Leave(id)
	}
}

// Close ends the watch and closes its events.
func (w *Watch) Close() {
	w.news.mu.Lock()
	defer w.news.mu.Unlock()
	w.closeLocked()
}

func (w *Watch) closeLocked() {
	if w.closed {
		return
	}
	w.closed = true
	close(w.events)
	for id := range w.ids {
		w.unfollowLocked(id)
	}
	n := w.news
	delete(n.watches, w)
	if len(n.watches) == 0 && n.line != nil {
		n.line.Close()
		n.line = nil
	}
}

// hear gets the notes of other Stores.
func (n *news) hear(note Note) {
	if note.From != n.name {
		if note.Event.Kind == renewing {
			n.ends.add(note.Event.ID, renewing)
			return
		}
		if note.Event.ends() {
			n.ends.add(note.Event.ID, note.Event.Kind)
		}
		n.tell(note.Event, nil)
	}
}

// tell hands an event to whoever follows its session, but not to by. Those with
// too many waiting are cut off: nobody waits for them.
func (n *news) tell(event Event, by *Watch) {
	if event.ID == "" {
		return
	}
	var slow []*Watch
	n.mu.RLock()
	if n.follows[event.ID] > 0 {
		for w := range n.watches {
			heard := w.ids[event.ID]
			if heard == nil || w == by {
				continue
			}
			heard.Add(1)
			select {
			case w.events <- event:
			default:
				slow = append(slow, w)
			}
		}
	}
	n.mu.RUnlock()
	for _, w := range slow {
		w.Close()
	}
}

// heard tells whether anybody but by hears what becomes of a session.
func (n *news) heard(id string, by *Watch) bool {
	n.mu.RLock()
	followers, line := n.follows[id], n.line
	if by != nil {
		if _, ok := by.ids[id]; ok {
			followers--
		}
	}
	n.mu.RUnlock()
	if followers > 0 || n.teller == nil {
		return followers > 0
	}
	near, ok := n.teller.(Audience)
	return !ok || near.Heard(id, line)
}

// note returns the event as other Stores get it.
func (n *news) note(event Event) Note { return Note{Event: event, From: n.name} }
