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
	if !ok {
		return true
	}
	_, alone := own.feed.listensOn(id)
	return !alone
}

// told returns the note of a change, also where it says nothing since nobody would hear it.
func told(change store.Change) store.Note {
	note := change.Note
	if change.Unheard != "" {
		note.Event = store.Event{ID: change.Unheard, Kind: store.Changed}
	}
	return note
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
