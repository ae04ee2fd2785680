package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// A talk passes what is said on to the Listeners of a Store, and of other Stores. It owns
// its Listeners: its lock guards them too.
type talk struct {
	name     string  // of the Store, in its notes
	speaker  Speaker // nil when nobody else can be told
	problems *problems

	mu        sync.RWMutex
	listeners map[*Listener]struct{}
	topics    map[string]int // how often each was joined
	line      Line           // open while there are Listeners, once one has joined
	news      chan struct{}  // closed when the line may have joined more; nil while nobody waits
}

// A Listener hears what is said on the topics that it has joined, in the order in which
// one caller says it. A topic is an id, as [ID] makes it: that of a session, or one that
// the callers have agreed on. Close it when you do not need it any more. Its methods are
// safe for concurrent use.
type Listener struct {
	talk   *talk
	queue  *sayings
	topics map[string]int // how often it has joined each; guarded by talk.mu
	closed bool           // guarded by talk.mu
}

// Listen returns a Listener, which calls hear with all that it hears, one after another.
// If hear is so slow that 16 MiB wait, the Listener loses what comes then.
func (c *Core) Listen(hear func(data json.RawMessage)) *Listener {
	t := &c.talk
	l := &Listener{talk: t, queue: newSayings(), topics: make(map[string]int)}
	go l.queue.deliver(hear) // ends with Close
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listeners == nil {
		t.listeners = make(map[*Listener]struct{})
		t.topics = make(map[string]int)
	}
	t.listeners[l] = struct{}{}
	return l
}

// Say sends data to everybody who has joined a topic, other than by, which may be nil. It
// reaches other processes if the backend is a [Speaker]; otherwise the error is an
// [ErrUnheard], and this process has heard it. data must be valid JSON without a token,
// and leave room in [MaxNoteBytes], or the error is an [ErrNoteTooLarge]. Any other error
// is the backend's: others may have heard it or not. Nobody joins what [ID] cannot have
// made.
func (c *Core) Say(ctx context.Context, by *Listener, topic string, data json.RawMessage) error {
	if !isID(topic) {
		return nil
	}
	if len(data) > MaxNoteBytes-noteMargin {
		return fmt.Errorf("store: say: %w", ErrNoteTooLarge)
	}
	t, event := &c.talk, Event{ID: topic, Kind: Said, Data: data}
	t.tell(event, by)
	if t.speaker == nil {
		return fmt.Errorf("store: say: %w", ErrUnheard)
	}
	if err := t.speaker.Say(ctx, Note{Event: event, From: t.name}); err != nil {
		return fmt.Errorf("store: say: %w", err)
	}
	return nil
}

// Join begins to hear a topic, until Leave was called as often as Join. first says that
// this Listener has not heard it before: what is said in other processes may then be
// missed for a moment, see Await.
func (l *Listener) Join(topic string) (first bool) {
	t := l.talk
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.closed {
		return false
	}
	l.topics[topic]++
	first = l.topics[topic] == 1
	if t.topics[topic]++; t.topics[topic] > 1 || t.speaker == nil {
		return first
	}
	if t.line == nil {
		t.line = t.speaker.Hear(t.hear)
		ignore(t.line, t.name)
	}
	t.line.Join(topic)
	return first
}

// Await waits until a topic that was joined is heard from other processes, for limit at
// most, and reports whether it is.
func (l *Listener) Await(topic string, limit time.Duration) bool {
	late := time.NewTimer(limit)
	defer late.Stop()
	for {
		joined, news := l.talk.joined(topic)
		if joined {
			return true
		}
		select {
		case <-news:
		case <-late.C:
			return false
		}
	}
}

// joined reports whether the line hears a topic, and returns what closes when that may
// have changed.
func (t *talk) joined(topic string) (bool, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if line, ok := t.line.(Confirmer); !ok || line.Joined(topic) {
		return true, nil
	}
	if t.news == nil {
		t.news = make(chan struct{})
	}
	return false, t.news
}

// Leave takes back one Join.
func (l *Listener) Leave(topic string) {
	t := l.talk
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.topics[topic] == 0 {
		return
	}
	if l.topics[topic]--; l.topics[topic] == 0 {
		delete(l.topics, topic)
	}
	t.leaveLocked(topic, 1)
}

// leaveLocked takes back some joins of a topic.
func (t *talk) leaveLocked(topic string, times int) {
	if t.topics[topic] -= times; t.topics[topic] > 0 {
		return
	}
	delete(t.topics, topic)
	if t.line != nil {
		t.line.Leave(topic)
	}
}

// Close ends the Listener. It may still be at one call of hear.
func (l *Listener) Close() {
	t := l.talk
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.closed {
		return
	}
	l.closed = true
	l.queue.close()
	for topic, times := range l.topics {
		t.leaveLocked(topic, times)
	}
	clear(l.topics)
	delete(t.listeners, l)
	if len(t.listeners) == 0 && t.line != nil {
		t.line.Close()
		t.line = nil
	}
}

// hear receives the notes of other Stores, and drops those of its own.
func (t *talk) hear(note Note) {
	switch {
	case note.From == t.name:
	case note.Event.Kind == Said:
		t.tell(note.Event, nil)
	default:
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.news != nil {
			close(t.news)
			t.news = nil
		}
	}
}

// tell passes on what was said in this process, or heard. It does not wait.
func (t *talk) tell(event Event, by *Listener) {
	lost := false
	t.mu.RLock()
	if t.topics[event.ID] > 0 {
		for l := range t.listeners {
			if l.topics[event.ID] > 0 && l != by {
				lost = !l.queue.add(event.Data) || lost
			}
		}
	}
	t.mu.RUnlock()
	if lost {
		t.problems.report(errSlow)
	}
}
