package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
	"github.com/socketio-sessions/socketio-sessions/store/redisstore"
)

const (
	memoryStore = "memory"
	storeForms  = "memory, or redis://[:password@]host:port/db"

	// Redis answers in microseconds; one that does not within these is as good
	// as gone, and a page or a socket should hear so soon.
	dialLimit = time.Second
	pingLimit = time.Second / 2
	callLimit = 3 * time.Second / 2
	// restLimit is how long a connection may rest and still be used unasked.
	// It is what errors may outlive Redis's return.
	restLimit = time.Second
)

// errStale makes the pool drop a connection; nobody else sees it.
var errStale = errors.New("rested while Redis was gone")

// A backend is where the sessions are, and how to be done with it.
type backend struct {
	store.Backend
	io.Closer
	name string // for the page; never the address, which may hold a password
}

// openStore opens what -store names and makes sure that it answers.
func openStore(ctx context.Context, address string) (backend, error) {
	if address == memoryStore {
		return backend{store.NewMemory(), io.NopCloser(nil), memoryStore}, nil
	}
	where, err := url.Parse(address)
	if err != nil || where.Host == "" || where.Scheme != "redis" && where.Scheme != "rediss" {
		return backend{}, fmt.Errorf("-store: want %s", storeForms) // err would tell the password
	}
	pool := newPool(address)
	if err := ping(ctx, pool); err != nil {
		pool.Close()
		return backend{}, fmt.Errorf("store %s: %w", where.Redacted(), err)
	}
	return backend{redisstore.New(pool), pool, "redis"}, nil
}

func newPool(address string) *redis.Pool {
	return &redis.Pool{
		MaxIdle:     64,
		IdleTimeout: time.Minute,
		DialContext: func(ctx context.Context) (redis.Conn, error) {
			return redis.DialURLContext(ctx, address,
				redis.DialConnectTimeout(dialLimit),
				redis.DialReadTimeout(callLimit),
				redis.DialWriteTimeout(callLimit))
		},
		TestOnBorrowContext: checkRested(),
	}
}

// checkRested returns the pool's test of a connection that has rested. One
// that fails it condemns all that rested at that time: asking each of them, in
// turn, would make whoever asked first wait for all of them.
func checkRested() func(context.Context, redis.Conn, time.Time) error {
	var failed atomic.Int64 // when, in Unix nanoseconds
	return func(ctx context.Context, c redis.Conn, rested time.Time) error {
		if rested.UnixNano() < failed.Load() {
			return errStale
		}
		if time.Since(rested) < restLimit {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, pingLimit)
		defer cancel()
		_, err := redis.DoContext(c, ctx, "PING")
		if err != nil {
			failed.Store(time.Now().UnixNano())
		}
		return err
	}
}

// ping says why Redis cannot be used, nil when it can.
func ping(ctx context.Context, pool *redis.Pool) error {
	c, err := pool.GetContext(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = redis.DoContext(c, ctx, "PING")
	return err
}
