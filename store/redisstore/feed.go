package redisstore

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	// heartbeat is how often a feed pings Redis. A connection that is silent for
	// silence is dead.
	heartbeat = 5 * time.Second
	silence   = 15 * time.Second

	// reconnect is how long a feed waits before it dials again; refusedWait is how
	// long when Redis has refused it the right to listen.
	reconnect   = 200 * time.Millisecond
	refusedWait = 30 * time.Second

	// chunk is how many channels are joined or left in one command. The next waits for
	// the confirmation of the last: so Redis never has more than that to say at once.
	chunk = 1000
)

// A feed receives what is published on channels, over one connection. It connects when
// the first is joined, and again when it loses the connection, or when the pipe finds that
// the primary has moved. Its goroutines end after close; if Redis does not answer, after
// silence.
type feed struct {
	pipe   *pipe
	prefix string // of the channels; what follows is the id
	to     listener

	ctx   context.Context // ends with close
	close context.CancelFunc
	wake  chan struct{} // changed has grown, or a chunk was confirmed

	mu        sync.Mutex
	joined    map[string]uint64 // by id: the connection on which Redis has confirmed it
	current   uint64            // the number of the connection
	connected bool
	caughtUp  bool                // the connection has joined all that there was when it was made
	changed   map[string]struct{} // while connected: the ids that were joined or left, but not at Redis
	asked     int                 // how many ids Redis has not confirmed yet
	answered  time.Time           // when Redis was last heard
}

// A listener is told what a feed hears. It does not block.
type listener interface {
	message(id string, body []byte)
	confirmed(id string) // joined: what came before was not heard
	caughtUp()           // after a time without a connection, in which anything was missed
	alive()              // Redis has answered a ping
	lost(since time.Time)
	refused(err error)
}

// newFeed returns a feed that has joined nothing.
func newFeed(pipe *pipe, prefix string, to listener) *feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &feed{
		pipe: pipe, prefix: prefix, to: to,
		ctx: ctx, close: cancel,
		wake:   make(chan struct{}, 1),
		joined: make(map[string]uint64),
	}
	go f.run()
	return f
}

// join starts to hear an id.
func (f *feed) join(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.joined[id]; !ok {
		f.joined[id] = 0
		f.changeLocked(id)
	}
}

// leave stops that.
func (f *feed) leave(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.joined[id]; ok {
		delete(f.joined, id)
		f.changeLocked(id)
	}
}

// changeLocked notes that an id was joined or left. Two changes of one id cancel each
// other, and without a connection there is nothing to note: so changed stays small.
func (f *feed) changeLocked(id string) {
	if _, ok := f.changed[id]; ok {
		delete(f.changed, id)
	} else if f.connected {
		f.changed[id] = struct{}{}
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

// listensTo reports whether Redis counts this feed among those that have joined an id, as
// far as is known.
func (f *feed) listensTo(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	on, ok := f.joined[id]
	return ok && f.connected && on == f.current
}

// run connects again and again, until close.
func (f *feed) run() {
	select {
	case <-f.ctx.Done():
		return
	case <-f.wake:
	}
	for {
		pause := f.connect()
		select {
		case <-f.ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// connect listens on one connection, until it is lost or the feed is closed. It returns
// how long to wait for the next.
func (f *feed) connect() (pause time.Duration) {
	moved := f.pipe.moves()
	pooled, err := f.pipe.pool.GetContext(f.ctx)
	if err != nil {
		return reconnect
	}
	conn := redis.PubSubConn{Conn: pooled}
	defer conn.Close()
	f.connecting()
	defer f.disconnected()
	if conn.Subscribe(f.prefix) != nil { // one cannot be subscribed to nothing
		return reconnect
	}
	lost := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { f.write(conn, lost, moved) })
	err = f.read(conn)
	close(lost)
	writer.Wait()
	if f.ctx.Err() == nil {
		giveUp(conn.Conn) // it may lead to a server that is no primary any more
	}
	if hasCode(err, "NOPERM") {
		f.to.refused(err)
		return refusedWait
	}
	return reconnect
}

// connecting begins with all that was joined.
func (f *feed) connecting() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected, f.asked = true, 1 // the prefix itself
	f.current++
	f.changed = make(map[string]struct{}, len(f.joined))
	for id := range f.joined {
		f.changed[id] = struct{}{}
	}
}

func (f *feed) disconnected() {
	f.mu.Lock()
	was, since := f.caughtUp, f.answered
	f.connected, f.caughtUp, f.changed = false, false, nil
	f.mu.Unlock()
	if was && f.ctx.Err() == nil {
		f.to.lost(since)
	}
}

// write joins and leaves, and pings, until the connection is lost. The reader sees the
// errors.
func (f *feed) write(conn redis.PubSubConn, lost, moved <-chan struct{}) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-lost:
			return
		case <-f.ctx.Done():
			_ = conn.Unsubscribe() // wakes the reader
			return
		case <-moved:
			_ = conn.Unsubscribe()
			return
		case <-tick.C:
			_ = conn.Ping("")
		case <-f.wake:
			join, leave := f.nextChunk()
			if len(join) > 0 {
				_ = conn.Subscribe(join...)
			}
			if len(leave) > 0 {
				_ = conn.Unsubscribe(leave...)
			}
		}
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

// read passes on what the connection says, until it is lost or the feed is closed.
func (f *feed) read(conn redis.PubSubConn) error {
	for {
		switch message := conn.ReceiveWithTimeout(silence).(type) {
		case redis.Message:
			f.to.message(strings.TrimPrefix(message.Channel, f.prefix), message.Data)
		case redis.Subscription:
			if message.Count == 0 {
				return nil // write has unsubscribed
			}
			f.confirm(strings.TrimPrefix(message.Channel, f.prefix), message.Kind == "subscribe")
		case redis.Pong:
			f.mu.Lock()
			f.answered = time.Now()
			f.mu.Unlock()
			f.to.alive()
		case error:
			return message
		}
	}
}

// confirm notes that Redis has joined or left a channel.
func (f *feed) confirm(id string, joined bool) {
	f.mu.Lock()
	f.asked--
	f.answered = time.Now()
	if _, still := f.joined[id]; still && joined {
		f.joined[id] = f.current
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
