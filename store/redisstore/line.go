package redisstore

import (
	"bytes"
	"encoding/json"
	"errors"
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

	common [3]any // arguments of quietScript
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
	l.name, l.feed.own = from, l.feed.prefix+from
	l.common = [...]any{l.feed.prefix, l.feed.own, string(store.NoteHead(from)) + `"id":"`}
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

// missing handles the news that the server which is written to does not count this line, though
// it had the connection that is given. If the connection is the same still, it leads to
// another server.
func (l *line) missing(on uint64) {
	if l.feed.isOn(on) && l.redis.pipe.suspect() {
		l.redis.report(errors.New("redisstore: this node listened at another server than it writes to, and connects anew"))
	}
}

func (*line) lost(time.Time) {} // caughtUp will tell

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
