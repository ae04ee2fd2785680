package store

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
)

// watchBuffer is how many events may wait for the reader of a watch.
const watchBuffer = 1024

// A Watch receives the events of the sessions that it follows. Close it when you do
// not need it any more. Its methods are safe for concurrent use.
type Watch struct {
	news   *news
	events chan Event
	ids    map[string]*atomic.Uint64 // how many events came, by id; guarded by news.mu
	closed bool                      // guarded by news.mu
}

// news passes the events of a Store, and of other Stores as it hears them, on to
// watches. It owns its watches: its lock guards them too.
type news struct {
	name   string // of the Store, in its notes
	ends   *ends  // remembers the ends that are heard
	teller Teller // nil when nobody else can be heard

	mu      sync.RWMutex
	watches map[*Watch]struct{}
	follows map[string]int // by id: how many watches follow it
	line    Line           // open while there are watches, once one has followed
}

func newNews(backend Backend, ends *ends) *news {
	teller, _ := backend.(Teller)
	return &news{name: rand.Text(), ends: ends, teller: teller}
}

// watch returns a Watch that follows nothing yet.
func (n *news) watch() *Watch {
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

// Events returns the channel of the events. Close closes it. It is also closed when
// the reader was so slow that too many events were waiting: then make a new Watch,
// and load the sessions to find out what was missed.
func (w *Watch) Events() <-chan Event { return w.events }

// Heard returns how many events of a session there were since it is followed. An
// event counts before it can be received, and before the call that made it returns,
// if that was in this process. So whoever compares the number with an earlier one
// knows whether something has happened to the session.
func (w *Watch) Heard(id string) uint64 {
	w.news.mu.RLock()
	defer w.news.mu.RUnlock()
	if n := w.ids[id]; n != nil {
		return n.Load()
	}
	return 0
}

// Follow adds the session of an id. Load the session after that, and you miss
// nothing in between.
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

// Unfollow removes the session of an id.
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

// Close ends the watch and closes the channel of its events.
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

// hear receives the notes of other Stores, and drops those of its own.
func (n *news) hear(note Note) {
	if note.From == n.name {
		return
	}
	event := note.Event
	if event.ends() || event.Kind == renewing {
		n.ends.add(event.ID, event.Kind)
	}
	if event.Kind != renewing {
		n.tell(event, nil)
	}
}

// tell sends an event to the watches that follow its session, other than by. It does
// not wait: it closes a watch with too many waiting events.
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

// followed reports whether anybody other than by would hear of a session.
func (n *news) followed(id string, by *Watch) bool {
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
	return !ok || near.Joined(id, line)
}

// note returns the event as it goes to other Stores.
func (n *news) note(event Event) Note { return Note{Event: event, From: n.name} }
