package redisstore

import (
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// join starts to hear an id.
func (f *feed) join(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.joined[id]; !ok {
		f.setLocked(id, f.changed[id]) // Redis may not have heard yet that it was left
		f.changeLocked(id, 0)
	}
}

// leave stops that.
func (f *feed) leave(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on, ok := f.joined[id]; ok {
		if f.isCurrentLocked(on) {
			f.confirms--
		}
		delete(f.joined, id)
		delete(f.shared, id)
		f.changeLocked(id, on)
	}
}

// setLocked notes the connection on which Redis has confirmed an id, 0 for none.
func (f *feed) setLocked(id string, on uint64) {
	if f.isCurrentLocked(on) && !f.isCurrentLocked(f.joined[id]) {
		f.confirms++
	}
	f.joined[id] = on
}

func (f *feed) isCurrentLocked(on uint64) bool { return f.connected && on == f.current }

// changeLocked notes that an id was joined or left, and the connection on which Redis had
// confirmed it. Two changes of one id cancel each other, and without a connection there is
// nothing to note: so changed stays small.
func (f *feed) changeLocked(id string, on uint64) {
	if _, ok := f.changed[id]; ok {
		delete(f.changed, id)
	} else if f.connected {
		f.changed[id] = on
	}
	f.signal()
}

func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// hears reports whether all that was joined a moment ago is heard, as far as is known.
func (f *feed) hears() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.caughtUp
}

// heard returns when Redis last confirmed or answered something, the zero time if never.
func (f *feed) heard() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answered
}

// listensOn returns the connection on which Redis has confirmed an id, 0 if that is lost, and
// whether no other feed has joined the id, as far as is known.
func (f *feed) listensOn(id string) (on uint64, alone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on, ok := f.joined[id]; ok && f.isCurrentLocked(on) {
		return on, !f.shared[id]
	}
	return 0, false
}

// listensTo reports whether Redis counts this feed among those that have joined an id, as
// far as is known.
func (f *feed) listensTo(id string) bool {
	on, _ := f.listensOn(id)
	return on != 0
}

// share notes whether others have joined an id, too.
func (f *feed) share(id string, others bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.joined[id]; ok && others {
		f.shared[id] = true
	} else {
		delete(f.shared, id)
	}
}

// isOn reports whether the feed still has a connection.
func (f *feed) isOn(connection uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.isCurrentLocked(connection) && f.ctx.Err() == nil
}

// state returns how the feed is, for both lines.
func (f *feed) state() store.LineState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return store.LineState{Up: f.caughtUp, Joined: f.confirms, Missed: f.losses}
}

// connecting begins with all that was joined.
func (f *feed) connecting() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected, f.asked = true, 1 // its own channel
	f.current++
	f.changed = make(map[string]uint64, len(f.joined))
	for id := range f.joined {
		f.changed[id] = 0
	}
}

// nextChunk returns the channels to join and to leave next, none while others are not
// confirmed yet.
func (f *feed) nextChunk() (join, leave []any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked > 0 {
		return nil, nil
	}
	for id := range f.changed {
		delete(f.changed, id)
		if _, ok := f.joined[id]; ok {
			join = append(join, f.prefix+id)
		} else {
			leave = append(leave, f.prefix+id)
		}
		if f.asked++; f.asked == chunk {
			break
		}
	}
	return join, leave
}

// confirm notes that Redis has joined or left a channel.
func (f *feed) confirm(id string, joined bool) {
	f.mu.Lock()
	f.asked--
	f.answered = time.Now()
	if _, still := f.joined[id]; still && joined {
		f.setLocked(id, f.current)
	} else if _, left := f.changed[id]; left && joined {
		f.changed[id] = f.current // join may come before Redis hears that it was left
	}
	first := !f.caughtUp
	if f.asked == 0 {
		f.caughtUp = f.caughtUp || len(f.changed) == 0
		f.signal()
	}
	now := f.caughtUp
	f.mu.Unlock()
	switch {
	case first && now:
		f.to.caughtUp()
	case joined && !first:
		f.to.confirmed(id)
	}
}
