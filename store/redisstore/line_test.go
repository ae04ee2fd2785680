package redisstore_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
	"github.com/socketio-sessions/socketio-sessions/store/storetest"
)

// While Redis cannot be reached, ids that are joined and left cost nothing. Those that are
// joined when Redis is back are heard.
func TestRedisLineIsBounded(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	var up atomic.Bool
	pool := &redis.Pool{MaxIdle: 4, Dial: func() (redis.Conn, error) {
		if !up.Load() {
			return nil, errors.New("no route to Redis")
		}
		return redis.Dial("tcp", server.Addr)
	}}
	defer pool.Close()
	r := redisstore.New(pool)
	heard := make(chan store.Note, 1000)
	line := r.Listen(func(note store.Note) { heard <- note })
	defer line.Close()
	for i := range 10_000 {
		id := fmt.Sprint("visitor", i)
		line.Join(id)
		line.Leave(id)
	}
	line.Join("here")
	line.Join("here")
	for range 1001 {
		line.Leave("there")
		line.Join("there")
	}
	if n := redisstore.Changed(line); n != 0 {
		t.Errorf("%d changes wait for a connection that there is not", n)
	}
	up.Store(true)
	if note := <-heard; note.Event.ID != "" || note.Event.Kind != store.Missed {
		t.Errorf("first heard is %v, want that anything was missed", note)
	}
	if heard := line.(store.Pulse).Heard(); time.Since(heard) > time.Minute {
		t.Errorf("Redis was heard at %v", heard)
	}
	if !line.Hears() {
		t.Error("it does not hear")
	}
	for _, id := range []string{"here", "there"} {
		line.Join(id)
		line.Leave("nobody")
		if n := redisstore.Changed(line); n != 0 {
			t.Errorf("%d changes wait where nothing has changed", n)
		}
		want := store.Note{Event: store.Event{ID: id, Kind: store.Destroyed}, From: "x"}
		if err := r.Say(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		for got := range heard {
			if got.Event.ID == id && got.Event.Kind == store.Destroyed {
				break
			}
		}
	}
}
