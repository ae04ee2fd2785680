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
	own    string // a channel that it always joins; set before the first id
	to     listener

	ctx   context.Context // ends with close
	close context.CancelFunc
	wake  chan struct{} // changed has grown, or a chunk was confirmed

	mu        sync.Mutex
	joined    map[string]uint64 // by id: the connection on which Redis has confirmed it
	shared    map[string]bool   // of joined: others have, too
	current   uint64            // the number of the connection
	connected bool
	caughtUp  bool              // the connection has joined all that there was when it was made
	changed   map[string]uint64 // while connected: the ids that were joined or left, but not at Redis; what joined had of them
	confirms  int               // how many of joined Redis has confirmed on this connection
	asked     int               // how many ids Redis has not confirmed yet
	answered  time.Time         // when Redis was last heard
	losses    uint64            // how often the connection was lost after it had caught up
}

// A listener is told what a feed hears. It does not block.
type listener interface {
	message(id string, body []byte)
	confirmed(id string) // joined: what came before was not heard
	caughtUp()           // after a time without a connection, in which anything was missed
	lost(since time.Time)
	refused(err error)
}

// newFeed returns a feed that has joined nothing.
func newFeed(pipe *pipe, prefix string, to listener) *feed {
	ctx, cancel := context.WithCancel(context.Background())
	f := &feed{
		pipe: pipe, prefix: prefix, own: prefix, to: to,
		ctx: ctx, close: cancel,
		wake:   make(chan struct{}, 1),
		joined: make(map[string]uint64),
		shared: make(map[string]bool),
	}
	go f.run()
	return f
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
	if conn.Subscribe(f.own) != nil { // one cannot be subscribed to nothing
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

func (f *feed) disconnected() {
	f.mu.Lock()
	was, since := f.caughtUp && f.ctx.Err() == nil, f.answered
	f.connected, f.caughtUp, f.changed, f.confirms = false, false, nil, 0
	if was {
		f.losses++
	}
	f.mu.Unlock()
	if was {
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
		case error:
			return message
		}
	}
}
