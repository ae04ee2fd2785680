package store

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Watch receives the events of the sessions that it follows. Close it when you do
// not need it any more. Its methods are safe for concurrent use.
type Watch struct {
	news   *news
	inbox  *inbox
	events chan Event
	done   chan struct{}             // closed by Close
	ids    map[string]*atomic.Uint64 // how many events came, by id; guarded by news.mu
	missed atomic.Uint64             // how often something of any session may have been missed
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

func newNews(name string, backend Backend, ends *ends) *news {
	teller, _ := backend.(Teller)
	return &news{name: name, ends: ends, teller: teller}
}

// watch returns a Watch that follows nothing yet.
func (n *news) watch() *Watch {
	w := &Watch{
		news: n, inbox: newInbox(),
		events: make(chan Event), done: make(chan struct{}),
		ids: make(map[string]*atomic.Uint64),
	}
	go w.deliver() // ends with Close
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.watches == nil {
		n.watches = make(map[*Watch]struct{})
		n.follows = make(map[string]int)
	}
	n.watches[w] = struct{}{}
	return w
}

// Events returns the channel of the events. Close closes it. Events wait for the reader
// by session: of those of one kind the reader gets one, with the keys of all. A Missed
// event without an id says that something may have been missed of any session.
func (w *Watch) Events() <-chan Event { return w.events }

// deliver passes on what is in the inbox.
func (w *Watch) deliver() {
	defer close(w.events)
	for {
		waiting := w.inbox.next()
		for _, event := range waiting {
			select {
			case w.events <- event:
			case <-w.done:
				return
			}
		}
		if len(waiting) > 0 {
			continue
		}
		select {
		case <-w.inbox.ready:
		case <-w.done:
			return
		}
	}
}

// Heard returns how many events of a session there were since it is followed. An event
// counts before it can be received, and before the call that made it returns, if that
// was in this process. So whoever compares the number with an earlier one knows whether
// something has happened to the session.
func (w *Watch) Heard(id string) uint64 {
	w.news.mu.RLock()
	defer w.news.mu.RUnlock()
	if n := w.ids[id]; n != nil {
		return n.Load() + w.missed.Load()
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
		ignore(n.line, n.name)
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
	close(w.done)
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
	if event.ID == "" {
		n.tellMissed()
		return
	}
	if event.ends() || event.Kind == renewing {
		n.ends.add(event.ID, event.Kind)
	}
	if event.Kind != renewing && event.Kind != Said {
		n.tell(event, nil)
	}
}

// tellMissed tells all watches that anything may have been missed.
func (n *news) tellMissed() {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for w := range n.watches {
		w.missed.Add(1)
		w.inbox.add(Event{Kind: Missed})
	}
}

// tell sends an event to the watches that follow its session, other than by. It does
// not wait.
func (n *news) tell(event Event, by *Watch) {
	if event.ID == "" {
		return
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.follows[event.ID] == 0 {
		return
	}
	for w := range n.watches {
		if heard := w.ids[event.ID]; heard != nil && w != by {
			heard.Add(1)
			w.inbox.add(event)
		}
	}
}

// hears reports whether other Stores are heard now.
func (n *news) hears() bool {
	if n.teller == nil {
		return false
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.line == nil || n.line.Hears()
}

// heard returns when a line last knew that the backend is there.
func (n *news) heard() time.Time {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if pulse, ok := n.line.(Pulse); ok {
		return pulse.Heard()
	}
	return time.Time{}
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
