package redisstore

import (
	"context"
	"fmt"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// Joined implements [store.Audience]: it reports whether anybody but a line of ours listens
// to a session, as far as that line knows.
func (r *RedisStore) Joined(id string, but store.Line) bool {
	own, ok := but.(*line)
	return !ok || !own.feed.isAlone(id)
}

// alone returns the line of a change's Store if it listens to the session, as far as it knows
// alone, and the session's id; else nil. Ends are always published.
func (r *RedisStore) alone(change store.Change) (own *line, id string) {
	if id = change.Unheard; id == "" {
		id = change.Note.Event.ID
	}
	if id == "" || change.Unheard == "" && change.Note.Event.Kind != store.Changed {
		return nil, ""
	}
	if found, ok := r.lines.Load(change.Note.From); ok && found.(*line).feed.isAlone(id) {
		return found.(*line), id
	}
	return nil, ""
}

// told returns the note of a change, also where it says nothing since nobody would hear it.
func told(change store.Change) store.Note {
	note := change.Note
	if change.Unheard != "" {
		note.Event = store.Event{ID: change.Unheard, Kind: store.Changed}
	}
	return note
}

// noteHeard notes that a change was heard by nobody or one. If a line of ours listens, that
// is it.
func (r *RedisStore) noteHeard(note store.Note, by int) {
	own, ok := r.lines.Load(note.From)
	switch {
	case !ok || note.Event.Kind != store.Changed:
	case by == 0:
		own.(*line).missing(note.Event.ID)
	default:
		own.(*line).feed.unshare(note.Event.ID)
	}
}

// reportUnheard reports that a note was refused.
func (r *RedisStore) reportUnheard() {
	r.report(fmt.Errorf("redisstore: no other node hears of logouts and changes here; give the Redis user of this one the channels &%s*", r.own))
}

// Report implements [store.Reporter].
func (r *RedisStore) Report(to func(error)) { r.to.Store(&to) }

func (r *RedisStore) report(err error) {
	if to := r.to.Load(); to != nil {
		(*to)(err)
	}
}

// encode returns the channel and the message of a note, "" for no note.
func (r *RedisStore) encode(note store.Note) (channel string, body []byte, err error) {
	if note.Event.ID == "" {
		return "", nil, nil
	}
	body, err = note.MarshalJSON()
	if len(body) > store.MaxNoteBytes {
		return "", nil, store.ErrNoteTooLarge
	}
	return r.channel(note.Event), body, err
}

// channel returns the channel on which an event is told.
func (r *RedisStore) channel(event store.Event) string {
	if event.Kind == store.Said {
		return r.own + "said:" + event.ID
	}
	return r.own + "note:" + event.ID
}

// Say implements [store.Speaker].
func (r *RedisStore) Say(ctx context.Context, note store.Note) error {
	channel, body, err := r.encode(note)
	if err != nil {
		return err
	}
	// An end is told twice without harm.
	done, err := r.pipe.do(ctx, command{name: "PUBLISH", args: []any{channel, body}, once: note.Event.Kind == store.Said})
	if err != nil {
		return err
	}
	return done[0].err
}
