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

// A connection that has been silent for silence is taken for dead; a ping
// every heartbeat keeps a live one from being silent.
const (
	heartbeat = 5 * time.Second
	silence   = 15 * time.Second
	// reconnect is how long a lost line waits before it dials again.
	reconnect = 200 * time.Millisecond
)

// line is a [store.Line] over one connection, which is made when the first id
// is joined and made again when it is lost. Its goroutines end with Close, at
// the latest after silence when Redis does not answer.
type line struct {
	redis *RedisStore
	hear  func(store.Note)
	own   []byte          // how notes begin that are not to be heard
	wake  chan struct{}   // there is something in todo
	done  <-chan struct{} // closed by Close

	ctx   context.Context // ends with Close
	close context.CancelFunc

	mu        sync.Mutex
	ids       map[string]struct{}
	connected bool                // else all ids are told when it is
	todo      map[string]struct{} // the ids of which the connection knows otherwise
}

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
func (l *line) Ignore(from string) { l.own = store.NoteHead(from) }

// Join implements [store.Line].
func (l *line) Join(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ids[id]; !ok {
		l.ids[id] = struct{}{}
		l.turnLocked(id)
	}
}

// Leave implements [store.Line].
func (l *line) Leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ids[id]; ok {
		delete(l.ids, id)
		l.turnLocked(id)
	}
}

// turnLocked notes that an id was joined or left. Twice is as if never: so todo is
// no larger than what changes while the connection is told, and empty without one.
func (l *line) turnLocked(id string) {
	if _, ok := l.todo[id]; ok {
		delete(l.todo, id)
	} else if l.connected {
		l.todo[id] = struct{}{}
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Close implements [store.Line].
func (l *line) Close() { l.close() }

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

// connect hears until the connection is lost or the line is closed.
func (l *line) connect() {
	pooled, err := l.redis.pool.GetContext(l.ctx)
	if err != nil {
		return
	}
	conn := redis.PubSubConn{Conn: pooled}
	defer conn.Close()
	defer l.disconnected()
	if conn.Subscribe(l.all()...) != nil {
		return
	}
	lost := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { l.write(conn, lost) })
	l.read(conn)
	close(lost)
	writer.Wait()
}

// all returns the channels of every id, and has nothing to do afterwards. The
// empty id is among them, so that there is one to subscribe to.
func (l *line) all() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.todo = true, make(map[string]struct{})
	channels := []any{l.redis.channel("")}
	for id := range l.ids {
		channels = append(channels, l.redis.channel(id))
	}
	return channels
}

func (l *line) disconnected() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.todo = false, nil
}

// write tells the connection what to hear, and keeps it from being silent,
// until it is lost. An error is the reader's to notice.
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
			join, leave := l.changes()
			if len(join) > 0 {
				_ = conn.Subscribe(join...)
			}
			if len(leave) > 0 {
				_ = conn.Unsubscribe(leave...)
			}
		}
	}
}

// changes returns the channels of todo, by whether they are wanted now.
func (l *line) changes() (join, leave []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.todo {
		if _, ok := l.ids[id]; ok {
			join = append(join, l.redis.channel(id))
		} else {
			leave = append(leave, l.redis.channel(id))
		}
	}
	l.todo = make(map[string]struct{})
	return join, leave
}

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
				return // the line is closed
			}
		case error:
			return
		}
	}
}

func (l *line) pass(message redis.Message) {
	if len(l.own) > 0 && bytes.HasPrefix(message.Data, l.own) {
		return // most are, and to decode them costs more than all the rest
	}
	var note store.Note
	if err := json.Unmarshal(message.Data, &note); err != nil || note.Event.ID != l.id(message.Channel) {
		// Somebody else's, or of a release that we do not understand.
		note = store.Note{Event: store.Event{ID: l.id(message.Channel), Kind: store.Missed}}
	}
	l.hear(note)
}

func (l *line) id(channel string) string {
	return strings.TrimPrefix(channel, l.redis.channel(""))
}
