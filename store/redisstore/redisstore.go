// Package redisstore keeps sessions in Redis. It takes the place of
// github.com/alexedwards/scs/redisstore, by the same two constructors and over the
// same sessions: an app changes one import, and attaches what it gets.
//
//	store.Attach(manager, redisstore.New(pool), store.Options{})
package redisstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A RedisStore is a [store.Backend] in Redis 6 or later. It keeps the layout of SCS's
// own redisstore (the bytes under "scs:session:" and the key, expired by
// PEXPIREAT), so nodes that still use that share the same sessions. Each operation
// but All is one round trip, once Redis knows the scripts, and each change one Lua
// script on one key. What many goroutines ask for at once goes together, on one
// connection. What becomes of a session is published by the same script on a channel
// of the session's id; a Store that follows sessions holds one connection of the pool
// to hear it, so the pool must allow two at least.
//
// A node that writes the same sessions through SCS's redisstore is not bound by any
// of package store's promises: it overwrites what it did not read, and can bring back
// a session that has ended.
type RedisStore struct {
	pool   *redis.Pool
	pipe   pipe
	prefix string
}

var (
	_ store.Backend = (*RedisStore)(nil)
	_ store.Lister  = (*RedisStore)(nil)
	_ store.Teller  = (*RedisStore)(nil)
	_ store.Speaker = (*RedisStore)(nil)
	_ store.Prober  = (*RedisStore)(nil)
)

// New returns a RedisStore on the given pool, whose dialer sets address, password,
// database number and timeouts. Give it timeouts: an operation lasts as long as the
// pool lets it. Store keys stand behind "scs:session:", as SCS's redisstore has them.
func New(pool *redis.Pool) *RedisStore { return NewWithPrefix(pool, "scs:session:") }

// NewWithPrefix is [New] with another prefix, as where several apps share one
// database.
func NewWithPrefix(pool *redis.Pool, prefix string) *RedisStore {
	return &RedisStore{pool: pool, pipe: pipe{pool: pool}, prefix: prefix}
}

var (
	// The answer is 1 when the swap was made, else what was found. Expiry and
	// limit are the last two arguments of both scripts; see Life. PEXPIREAT
	// has GT for it, but not in Redis 6; 6.0 has no PXAT for SET either, and to
	// try it first costs what it saves.
	swapScript = newScript(`
local current = redis.call('GET', KEYS[1])
if ARGV[7] == 'absent' then
	if current then return current end
elseif current ~= ARGV[1] then
	return current
end
local expiry = ARGV[3]
if current and expiry ~= ARGV[4] then
	local now = redis.call('TIME')
	local present = now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', KEYS[1])
	expiry = math.min(math.max(tonumber(expiry), present), tonumber(ARGV[4]))
	expiry = string.format('%d', expiry)
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], expiry)
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1`)

	touchScript = newScript(`
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local now = redis.call('TIME')
local expiry = math.max(tonumber(ARGV[1]), now[1] * 1000 + math.floor(now[2] / 1000) + left)
expiry = math.min(expiry, tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
return 1`)

	deleteScript = newScript(`
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return last`)
)

// noKey is what PTTL says of a key that has expired since GET.
const noKey = -2

// Find implements [store.Backend]. It sends two commands in one round trip, which
// costs Redis less than a script and need not be atomic.
func (r *RedisStore) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	args, asked := []any{r.name(key)}, time.Now()
	done, err := r.pipe.do(ctx, command{name: "GET", args: args}, command{name: "PTTL", args: args})
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
	// Never later than it is: who finds no session afterwards knows why.
	return b, asked.Add(time.Duration(left) * time.Millisecond), true, nil
}

// Swap implements [store.Backend].
func (r *RedisStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	channel, body, err := r.encode(change.Note)
	if err != nil {
		return nil, false, err
	}
	wanted := "present"
	if change.Old == nil {
		wanted = "absent"
	}
	reply, err := r.pipe.run(ctx, swapScript, r.name(key), change.Old, change.New,
		change.Life.Expiry.UnixMilli(), change.Life.Limit.UnixMilli(), channel, body, wanted)
	if err != nil {
		return nil, false, err
	}
	if _, swapped := reply.(int64); swapped {
		return change.New, true, nil
	}
	current, _ := reply.([]byte)
	return current, false, nil
}

// Touch implements [store.Backend].
func (r *RedisStore) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	return redis.Bool(r.pipe.run(ctx, touchScript, r.name(key), life.Expiry.UnixMilli(), life.Limit.UnixMilli()))
}

// Delete implements [store.Backend].
func (r *RedisStore) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	channel, body, err := r.encode(note)
	if err != nil {
		return nil, err
	}
	last, err := redis.Bytes(r.pipe.run(ctx, deleteScript, r.name(key), channel, body))
	if errors.Is(err, redis.ErrNil) {
		return nil, nil
	}
	return last, err
}

// All implements [store.Lister]. It scans the whole database: for maintenance, not
// for serving.
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

// encode returns a note as it is published: "" for none.
func (r *RedisStore) encode(note store.Note) (channel string, body []byte, err error) {
	if note.Event.ID == "" {
		return "", nil, nil
	}
	body, err = note.MarshalJSON()
	return r.channel(note.Event.ID), body, err
}

// name is what Redis calls a key. What is kept for one use is no session: it
// stands outside of their prefix, where no node lists it among them.
func (r *RedisStore) name(key string) string {
	if strings.HasPrefix(key, store.OncePrefix) {
		return store.OncePrefix + r.prefix + strings.TrimPrefix(key, store.OncePrefix)
	}
	return r.prefix + key
}

// channel is where the notes of a session are published.
func (r *RedisStore) channel(id string) string { return r.prefix + "note:" + id }

// globEscaper makes SCAN take a prefix as it is written.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// Say implements [store.Speaker].
func (r *RedisStore) Say(ctx context.Context, note store.Note) error {
	channel, body, err := r.encode(note)
	if err != nil {
		return err
	}
	done, err := r.pipe.do(ctx, command{name: "PUBLISH", args: []any{channel, body}})
	if err != nil {
		return err
	}
	return done[0].err
}

// Missing implements [store.Prober]. Each key is a command of its own, as a cluster
// needs it, and all of them are one round trip.
func (r *RedisStore) Missing(ctx context.Context, keys []string) (missing []string, err error) {
	commands := make([]command, len(keys))
	for i, key := range keys {
		commands[i] = command{name: "EXISTS", args: []any{r.name(key)}}
	}
	done, err := r.pipe.do(ctx, commands...)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		n, err := redis.Int64(done[i].reply, done[i].err)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			missing = append(missing, key)
		}
	}
	return missing, nil
}
