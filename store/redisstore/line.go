package redisstore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A line is a [store.Line] over two connections: one for ends and changes, and one for
// what is said, which may be so much that Redis cuts it off.
type line struct {
	*events
	said *feed
}

// events is the line's listener to ends and changes, and the part of it that both share.
type events struct {
	redis   *RedisStore
	feed    *feed
	hear    func(store.Note)
	name    string // of the Store whose notes the line drops; "" for none
	ignored []byte // how those begin
	quiet   quiet
}

var (
	_ store.Line    = (*line)(nil)
	_ store.Ignorer = (*line)(nil)
	_ store.Pulse   = (*line)(nil)
)

// Listen implements [store.Teller].
func (r *RedisStore) Listen(hear func(store.Note)) store.Line {
	e := &events{redis: r, hear: hear}
	e.feed = newFeed(&r.pipe, r.own+"note:", e)
	return &line{e, newFeed(&r.pipe, r.own+"said:", &said{events: e})}
}

// Ignore implements [store.Ignorer].
func (l *line) Ignore(from string) {
	l.name, l.ignored = from, store.NoteHead(from)
	l.redis.lines.Store(from, l.events)
}

// Join implements [store.Line].
func (l *line) Join(id string) {
	l.feed.join(id)
	l.said.join(id)
}

// Leave implements [store.Line].
func (l *line) Leave(id string) {
	l.feed.leave(id)
	l.said.leave(id)
}

// Hears implements [store.Line].
func (l *line) Hears() bool { return l.feed.hears() }

// Heard implements [store.Pulse].
func (l *line) Heard() time.Time { return l.feed.heard() }

// Close implements [store.Line].
func (l *line) Close() {
	l.redis.lines.CompareAndDelete(l.name, l.events)
	l.feed.close()
	l.said.close()
}

// message passes a note on, but for those that the line ignores.
func (e *events) message(id string, body []byte) {
	if len(e.ignored) > 0 && bytes.HasPrefix(body, e.ignored) {
		return // most notes are our own, and to decode them would cost more than all else
	}
	var note store.Note
	if err := json.Unmarshal(body, &note); err != nil || note.Event.ID != id {
		// Another program's, or of a release that we do not understand.
		note = store.Note{Event: store.Event{ID: id, Kind: store.Missed}}
	}
	e.hear(note)
}

func (e *events) confirmed(id string) {
	e.hear(store.Note{Event: store.Event{ID: id, Kind: store.Missed}})
}

func (e *events) caughtUp() { e.hear(store.Note{Event: store.Event{Kind: store.Missed}}) }

func (e *events) alive() { e.quiet.alive() }

// lost publishes what was kept quiet: somebody else may have been the only listener. Of
// what this node has missed caughtUp will tell. When Redis is gone, so are the listeners.
func (e *events) lost(time.Time) {
	for _, id := range e.quiet.take() {
		note := store.Note{Event: store.Event{ID: id, Kind: store.Changed}, From: e.name}
		if e.redis.Say(e.feed.ctx, note) != nil {
			return
		}
	}
}

func (e *events) refused(err error) {
	e.redis.report(fmt.Errorf("redisstore: this node hears of no logout elsewhere, and asks instead; give its Redis user the channels &%s*: %w", e.feed.prefix, err))
}

// said is the listener to what is said.
type said struct {
	*events
	told, untold time.Time // the last report, and the begin of what was lost since then; only lost uses them
}

// lossPause is how long no further loss is reported: a flood can cut the connection off
// several times a second.
const lossPause = time.Minute

func (*said) confirmed(string) {}

func (*said) alive() {}

func (*said) caughtUp() {}

func (s *said) lost(since time.Time) {
	now := time.Now()
	if s.untold.IsZero() {
		s.untold = since
	}
	if now.Sub(s.told) < lossPause {
		return
	}
	s.redis.report(fmt.Errorf("redisstore: what was said to sessions from %s to %s did not reach this node",
		s.untold.Format(time.TimeOnly), now.Format(time.TimeOnly)))
	s.told, s.untold = now, time.Time{}
}

func (*said) refused(error) {} // said once is enough
