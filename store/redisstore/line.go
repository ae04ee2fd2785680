package redisstore

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

const (
	// heartbeat is how often a line pings Redis. A connection that is silent for
	// silence is dead.
	heartbeat = 5 * time.Second
	silence   = 15 * time.Second

	// reconnect is how long a line waits before it dials again.
	reconnect = 200 * time.Millisecond
)

// A line is a [store.Line] over one connection. It connects when the first id is
// joined, and again when it loses the connection. Its goroutines end after Close; if
// Redis does not answer, after silence.
type line struct {
	redis   *RedisStore
	hear    func(store.Note)
	ignored []byte          // how the notes begin that the line drops; nil for none
	wake    chan struct{}   // ids has changed
	done    <-chan struct{} // closed by Close

	ctx   context.Context // ends with Close
	close context.CancelFunc

	mu        sync.Mutex
	ids       map[string]struct{} // the joined ones
	connected bool                // a connection has subscribed to ids, but for changed
	changed   map[string]struct{} // the ids that were joined or left since
}

var (
	_ store.Line    = (*line)(nil)
	_ store.Ignorer = (*line)(nil)
)

// Listen implements [store.Teller].
func (r *RedisStore) Listen(hear func(store.Note)) store.Line {
	ctx, cancel := context.WithCancel(context.Background())
	l := &line{
		redis: r, hear: hear,
		wake: make(chan struct{}, 1),
		done: ctx.Done(), ctx: ctx, close: cancel,
		ids: make(map[string]struct{}),
	}
	go l.run()
	return l
}

// Ignore implements [store.Ignorer].
func (l *line) Ignore(from string) { l.ignored = store.NoteHead(from) }

// Join implements [store.Line].
func (l *line) Join(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ids[id]; !ok {
		l.ids[id] = struct{}{}
		l.changeLocked(id)
	}
}

// Leave implements [store.Line].
func (l *line) Leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ids[id]; ok {
		delete(l.ids, id)
		l.changeLocked(id)
	}
}

// changeLocked notes that an id was joined or left. Two changes of one id cancel each
// other, and without a connection there is nothing to note: so changed stays small.
func (l *line) changeLocked(id string) {
	if _, ok := l.changed[id]; ok {
		delete(l.changed, id)
	} else if l.connected {
		l.changed[id] = struct{}{}
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close implements [store.Line].
func (l *line) Close() { l.close() }

// run connects again and again, until Close.
func (l *line) run() {
	select {
	case <-l.done:
		return
	case <-l.wake:
	}
	for {
		l.connect()
		select {
		case <-l.done:
			return
		case <-time.After(reconnect):
		}
	}
}

// connect listens on one connection, until it is lost or the line is closed.
func (l *line) connect() {
	pooled, err := l.redis.pool.GetContext(l.ctx)
	if err != nil {
		return
	}
	conn := redis.PubSubConn{Conn: pooled}
	defer conn.Close()
	defer l.disconnected()
	if conn.Subscribe(l.channels()...) != nil {
		return
	}
	lost := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { l.write(conn, lost) })
	l.read(conn)
	close(lost)
	writer.Wait()
}

// channels returns the channels of all ids, for a new connection. The empty id is among
// them, since one cannot subscribe to nothing.
func (l *line) channels() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.changed = true, make(map[string]struct{})
	channels := []any{l.redis.channel("")}
	for id := range l.ids {
		channels = append(channels, l.redis.channel(id))
	}
	return channels
}

func (l *line) disconnected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.changed = false, nil
}

// write subscribes to what was joined, unsubscribes from what was left, and pings,
// until the connection is lost. The reader sees the errors.
func (l *line) write(conn redis.PubSubConn, lost <-chan struct{}) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-lost:
			return
		case <-l.done:
			_ = conn.Unsubscribe() // wakes the reader
			return
		case <-tick.C:
			_ = conn.Ping("")
		case <-l.wake:
			join, leave := l.takeChanges()
			if len(join) > 0 {
				_ = conn.Subscribe(join...)
			}
			if len(leave) > 0 {
				_ = conn.Unsubscribe(leave...)
			}
		}
	}
}

// takeChanges returns the channels of the changed ids, and forgets the changes.
func (l *line) takeChanges() (join, leave []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.changed {
		if _, ok := l.ids[id]; ok {
			join = append(join, l.redis.channel(id))
		} else {
			leave = append(leave, l.redis.channel(id))
		}
	}
	l.changed = make(map[string]struct{})
	return join, leave
}

// read passes on what the connection says, until it is lost or the line is closed.
func (l *line) read(conn redis.PubSubConn) {
	for {
		switch message := conn.ReceiveWithTimeout(silence).(type) {
		case redis.Message:
			l.pass(message)
		case redis.Subscription:
			if message.Kind == "subscribe" {
				l.hear(store.Note{Event: store.Event{ID: l.id(message.Channel), Kind: store.Missed}})
			}
			if message.Count == 0 {
				return // write has unsubscribed: the line is closed
			}
		case error:
			return
		}
	}
}

// pass passes a note on, but for those that the line ignores.
func (l *line) pass(message redis.Message) {
	if len(l.ignored) > 0 && bytes.HasPrefix(message.Data, l.ignored) {
		return // most notes are our own, and to decode them would cost more than all else
	}
	var note store.Note
	if err := json.Unmarshal(message.Data, &note); err != nil || note.Event.ID != l.id(message.Channel) {
		// Another program's, or of a release that we do not understand.
		note = store.Note{Event: store.Event{ID: l.id(message.Channel), Kind: store.Missed}}
	}
	l.hear(note)
}

func (l *line) id(channel string) string {
	return strings.TrimPrefix(channel, l.redis.channel(""))
}
