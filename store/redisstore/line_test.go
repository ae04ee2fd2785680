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

// A line says how it is: what Redis has confirmed, and how often it was cut off.
func TestRedisLineState(t *testing.T) {
	t.Parallel()
	server := storetest.Redis(t)
	r := redisstore.New(server.Pool())
	ignore := func(store.Note) {}
	for name, line := range map[string]store.Line{"notes": r.Listen(ignore), "said": r.Hear(ignore)} {
		defer line.Close()
		is := func(when string, want store.LineState) {
			t.Helper()
			eventually(t, fmt.Sprintf("%s, %s: %+v", name, when, want), func() bool {
				return line.(store.Meter).State() == want
			})
		}
		is("before the first", store.LineState{})
		for i := range 1500 { // more than a chunk
			line.Join(fmt.Sprint("visitor", i))
		}
		is("joined", store.LineState{Up: true, Joined: 1500})
		for range 2 { // whether Redis hears of it or not
			for i := range 1500 {
				line.Leave(fmt.Sprint("visitor", i))
				line.Join(fmt.Sprint("visitor", i))
			}
			is("left and joined", store.LineState{Up: true, Joined: 1500})
		}
		line.Leave("visitor0")
		line.Leave("nobody")
		is("left", store.LineState{Up: true, Joined: 1499})
		do(t, server.Addr, "CLIENT", "KILL", "TYPE", "pubsub")
		is("cut off", store.LineState{Up: true, Joined: 1499, Missed: 1})
	}
}

// What is left before Redis confirms it, and joined again before Redis hears of that, is heard.
func TestRedisLineRejoins(t *testing.T) {
	t.Parallel()
	if !redisstore.Rejoins() {
		t.Error("the line does not know that it hears the id")
	}
}
