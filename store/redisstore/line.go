package redisstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A line is a [store.Line] for ends and changes, over a connection of its own.
type line struct {
	receiver
	redis *RedisStore
	feed  *feed
	name  string // of the Store whose notes the line drops; "" for none
	quiet quiet
}

var (
	_ store.Line    = (*line)(nil)
	_ store.Ignorer = (*line)(nil)
	_ store.Pulse   = (*line)(nil)
	_ store.Meter   = (*line)(nil)
)

// Listen implements [store.Teller].
func (r *RedisStore) Listen(hear func(store.Note)) store.Line {
	l := &line{receiver: receiver{hear: hear}, redis: r}
	l.feed = newFeed(&r.pipe, r.own+"note:", l)
	return l
}

// Ignore implements [store.Ignorer].
func (l *line) Ignore(from string) {
	l.receiver.Ignore(from)
	l.name = from
	l.redis.lines.Store(from, l)
}

// Join implements [store.Line].
func (l *line) Join(id string) { l.feed.join(id) }

// Leave implements [store.Line].
func (l *line) Leave(id string) { l.feed.leave(id) }

// Hears implements [store.Line].
func (l *line) Hears() bool { return l.feed.hears() }

// State implements [store.Meter].
func (l *line) State() store.LineState { return l.feed.state() }

// Heard implements [store.Pulse].
func (l *line) Heard() time.Time { return l.feed.heard() }

// Close implements [store.Line].
func (l *line) Close() {
	l.redis.lines.CompareAndDelete(l.name, l)
	l.feed.close()
}

// missing handles the news that Redis does not count this line among those that have joined a
// session. If the line has not left meanwhile, it listens at another server.
func (l *line) missing(id string) {
	if l.feed.listensTo(id) {
		l.redis.pipe.suspect()
	}
}

func (l *line) alive() { l.quiet.alive() }

// lost publishes what was kept quiet: somebody else may have been the only listener. Of
// what this node has missed caughtUp will tell. When Redis is gone, so are the listeners.
func (l *line) lost(time.Time) {
	for _, id := range l.quiet.take() {
		note := store.Note{Event: store.Event{ID: id, Kind: store.Changed}, From: l.name}
		if l.redis.Say(l.feed.ctx, note) != nil {
			return
		}
	}
}

func (l *line) refused(err error) {
	l.redis.report(fmt.Errorf("redisstore: this node hears of no logout elsewhere, and asks instead; give its Redis user the channels &%s*: %w", l.feed.prefix, err))
}

// A receiver is the part of a [listener] that passes notes on.
type receiver struct {
	hear    func(store.Note)
	ignored []byte // how the notes begin that it drops
}

// Ignore implements [store.Ignorer].
func (r *receiver) Ignore(from string) { r.ignored = store.NoteHead(from) }

// message passes a note on, but for those that are ignored.
func (r *receiver) message(id string, body []byte) {
	if len(r.ignored) > 0 && bytes.HasPrefix(body, r.ignored) {
		return // most notes are our own, and to decode them would cost more than all else
	}
	var note store.Note
	if err := json.Unmarshal(body, &note); err != nil || note.Event.ID != id {
		// Another program's, or of a release that we do not understand.
		note = store.Note{Event: store.Event{ID: id, Kind: store.Missed}}
	}
	r.hear(note)
}

func (r *receiver) confirmed(id string) {
	r.hear(store.Note{Event: store.Event{ID: id, Kind: store.Missed}})
}

func (r *receiver) caughtUp() { r.hear(store.Note{Event: store.Event{Kind: store.Missed}}) }
