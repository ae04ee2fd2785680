// Package redisstore keeps sessions in Redis. It takes the place of
// github.com/alexedwards/scs/redisstore: it has the same two constructors and keeps the
// same sessions. An app changes one import, and in place of manager.Store =
// redisstore.New(pool) writes
//
//	pool := &redis.Pool{MaxIdle: 16, Dial: func() (redis.Conn, error) {
//		return redis.Dial("tcp", "127.0.0.1:6379", redis.DialConnectTimeout(time.Second),
//			redis.DialReadTimeout(time.Second), redis.DialWriteTimeout(time.Second))
//	}}
//	store.Attach(manager, redisstore.New(pool), store.Options{})
//
// Give the pool time-outs, as here: without them a Redis that does not answer holds up
// whoever asks.
package redisstore

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A RedisStore is a [store.Backend] in Redis 6 or later. It keeps the layout of SCS's
// own redisstore: the bytes under "scs:session:" and the key, which expires when the
// session does. So nodes that still use that share the same sessions.
//
// Each operation but All is one round trip, once Redis knows the scripts. Each change is
// one Lua script. It touches the session's key and, if its user changes, the rolls of those
// users. Concurrent operations are pipelined over one connection, and up to 64 sessions are
// asked for, or changed, by one command. The script also publishes what happened to the
// session, on a channel of the session's id, unless this Store alone listens there; the first
// change that another hears comes without the keys that changed. A Store that follows
// sessions holds two connections of the pool, to hear that and to hear what is said, so the
// pool must allow at least three.
//
// Under the prefix there are sessions and nothing else. Claims, tickets, rolls and channels have
// names that begin with "socketio:" and the prefix.
//
// A connection that breaks, or that leads to a server which cannot write (any more), is
// replaced, and the operation is tried once more on another, unless it may have been made
// and must not be made twice: see [store.Change].
//
// It needs one server, or the master that a Sentinel names; not a cluster.
//
// A node that writes the same sessions through SCS's redisstore keeps none of package
// store's promises: it overwrites what it did not read, and can bring back a session
// that has ended.
type RedisStore struct {
	pool   *redis.Pool
	pipe   pipe
	prefix string // of sessions
	own    string // of all else
	to     atomic.Pointer[func(error)]
	lines  sync.Map // *line by the name of their Store
}

var (
	_ store.Backend  = (*RedisStore)(nil)
	_ store.Lister   = (*RedisStore)(nil)
	_ store.Teller   = (*RedisStore)(nil)
	_ store.Speaker  = (*RedisStore)(nil)
	_ store.Audience = (*RedisStore)(nil)
	_ store.Prober   = (*RedisStore)(nil)
	_ store.Comparer = (*RedisStore)(nil)
	_ store.Roll     = (*RedisStore)(nil)

	_ store.Reporter = (*RedisStore)(nil)
	_ store.Checker  = (*RedisStore)(nil)
)

// New returns a RedisStore on a pool. The pool's dialer sets address, password, database
// number and timeouts. Set timeouts: an operation lasts as long as the pool lets it. The
// keys in Redis are "scs:session:" and the store key, as in SCS's redisstore.
//
// New adds to the pool's TestOnBorrow, so call it before the pool is used: connections
// that rested while the server failed over are dropped, and one that has rested for a
// second is tried first if the pool has no test of its own.
func New(pool *redis.Pool) *RedisStore { return NewWithPrefix(pool, "scs:session:") }

// NewWithPrefix is [New] with another prefix, for several apps in one database.
func NewWithPrefix(pool *redis.Pool, prefix string) *RedisStore {
	r := &RedisStore{pool: pool, prefix: prefix, own: "socketio:" + prefix}
	r.pipe.use(pool)
	return r
}

// noKey is PTTL's reply for a key that has expired since GET.
const noKey = -2

// Find implements [store.Backend]. It sends two commands in one round trip. They need
// not be atomic, and cost Redis less than a script.
func (r *RedisStore) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	name, asked := any(r.name(key)), time.Now()
	done, err := r.pipe.do(ctx, command{name: "GET", key: name}, command{name: "PTTL", key: name})
	if err != nil {
		return nil, time.Time{}, false, err
	}
	b, err := redis.Bytes(done[0].reply, done[0].err)
	if absent := errors.Is(err, redis.ErrNil); err != nil && !absent {
		return nil, time.Time{}, false, err
	}
	left, err := redis.Int64(done[1].reply, done[1].err)
	if err != nil || b == nil || left == noKey {
		return nil, time.Time{}, false, err
	}
	if left < 0 {
		return b, time.Time{}, true, nil
	}
	// This is never too late: a caller that finds no session after it knows why.
	return b, asked.Add(time.Duration(left) * time.Millisecond), true, nil
}

// Holds implements [store.Comparer]. Those of a moment are one command.
func (r *RedisStore) Holds(ctx context.Context, key string, b []byte) (bool, error) {
	done, err := r.pipe.do(ctx, command{name: "GET", key: r.name(key), joins: true})
	if err == nil {
		err = done[0].err
	}
	found, _ := done[0].reply.([]byte)
	return found != nil && bytes.Equal(found, b), err
}

// All implements [store.Lister]. It scans the whole database. Call it for maintenance,
// not while serving a request.
func (r *RedisStore) All(ctx context.Context) (map[string][]byte, error) {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	all := make(map[string][]byte)
	pattern := globEscaper.Replace(r.prefix) + "*"
	for cursor := "0"; ; {
		var keys []string
		reply, err := redis.Values(redis.DoContext(conn, ctx, "SCAN", cursor, "MATCH", pattern, "COUNT", 1000))
		if err == nil {
			_, err = redis.Scan(reply, &cursor, &keys)
		}
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			b, err := redis.Bytes(redis.DoContext(conn, ctx, "GET", key))
			if errors.Is(err, redis.ErrNil) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all[strings.TrimPrefix(key, r.prefix)] = b
		}
		if cursor == "0" {
			return all, nil
		}
	}
}

// name returns the key in Redis of a store key. Claims and tickets are no sessions, so
// they have another prefix: no node lists them among its sessions.
func (r *RedisStore) name(key string) string {
	if strings.HasPrefix(key, store.OncePrefix) {
		return r.own + key
	}
	return r.prefix + key
}

// globEscaper escapes a prefix for SCAN, which takes patterns.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Probe implements [store.Prober], with one command.
func (r *RedisStore) Probe(ctx context.Context, keys []string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	names := make([]any, len(keys))
	for i, key := range keys {
		names[i] = r.name(key)
	}
	done, err := r.pipe.do(ctx, command{name: "MGET", args: names})
	if err != nil {
		return nil, err
	}
	return redis.ByteSlices(done[0].reply, done[0].err)
}
