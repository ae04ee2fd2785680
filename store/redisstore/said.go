package redisstore

import (
	"fmt"
	"time"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// said is a [store.Line] for what is said. It has a connection of its own, since Redis
// may cut that off when it is too much.
type said struct {
	receiver
	redis *RedisStore
	feed  *feed

	told, untold time.Time // the last report, and the begin of what was lost since then; only lost uses them
}

var (
	_ store.Line      = (*said)(nil)
	_ store.Ignorer   = (*said)(nil)
	_ store.Confirmer = (*said)(nil)
	_ store.Meter     = (*said)(nil)
)

// Hear implements [store.Speaker].
func (r *RedisStore) Hear(hear func(store.Note)) store.Line {
	s := &said{receiver: receiver{hear: hear}, redis: r}
	s.feed = newFeed(&r.pipe, r.own+"said:", s)
	return s
}

// Join implements [store.Line].
func (s *said) Join(id string) { s.feed.join(id) }

// Joined implements [store.Confirmer].
func (s *said) Joined(id string) bool { return s.feed.listensTo(id) }

// Leave implements [store.Line].
func (s *said) Leave(id string) { s.feed.leave(id) }

// Hears implements [store.Line].
func (s *said) Hears() bool { return s.feed.hears() }

// State implements [store.Meter].
func (s *said) State() store.LineState { return s.feed.state() }

// Close implements [store.Line].
func (s *said) Close() { s.feed.close() }

// lossPause is how long no further loss is reported: a flood can cut the connection off
// several times a second.
const lossPause = time.Minute

func (s *said) lost(since time.Time) {
	now := time.Now()
	if s.untold.IsZero() {
		s.untold = since
	}
	if now.Sub(s.told) < lossPause {
		return
	}
	s.redis.report(fmt.Errorf("redisstore: what was said elsewhere from %s to %s did not reach this node",
		s.untold.Format(time.TimeOnly), now.Format(time.TimeOnly)))
	s.told, s.untold = now, time.Time{}
}

func (*said) refused(error) {} // the other line tells it
