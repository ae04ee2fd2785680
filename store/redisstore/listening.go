package redisstore

import "github.com/socketio-sessions/socketio-sessions/store"

// A listening is what one of our lines knew of a session when a change of it was sent. The
// zero value is of no line.
type listening struct {
	line  *line
	id    string
	on    uint64 // the connection of the line
	alone bool   // nobody else listens, as far as is known
}

// listener returns the line of a note's Store if it listens to the session whose change the
// note tells. Ends are always published.
func (r *RedisStore) listener(note store.Note) (own listening) {
	if note.Event.Kind != store.Changed {
		return own
	}
	found, ok := r.lines.Load(note.From)
	if !ok {
		return own
	}
	own = listening{line: found.(*line), id: note.Event.ID}
	if own.on, own.alone = own.line.feed.listensOn(own.id); own.on == 0 {
		return listening{}
	}
	return own
}

// channel returns the line's own channel, "" for no line.
func (l listening) channel() string {
	if l.line == nil {
		return ""
	}
	return l.line.feed.own
}

// learn takes what the script of a swap says of the session's listeners.
func (l listening) learn(code int64) {
	switch {
	case l.line == nil:
	case code == 6:
		l.line.missing(l.on)
	default:
		l.line.feed.share(l.id, code != 3)
	}
}
