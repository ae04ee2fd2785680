package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

// Redis is a [Backend] in Redis 6 or later. It keeps the layout of SCS's own
// redisstore — the bytes under "scs:session:" and the key, expired by
// PEXPIREAT — so nodes that still use redisstore share the same sessions.
// Each operation but All is one round trip, once Redis knows the scripts, and
// each change one Lua script on one key: atomic, and fit for a cluster. What many
// goroutines ask for at once goes together, on one connection. What becomes of a session is published by the
// same script on a channel of the session's id; a Store that follows sessions
// holds one connection of the pool to hear it, so the pool must allow two at
// least.
//
// A node that writes the same sessions through plain redisstore is not bound
// by any of this package's promises: it overwrites what it did not read, and
// can bring back a session that has ended.
type Redis struct {
	pool   *redis.Pool
	pipe   redisPipe
	prefix string
}

// RedisOptions are the settings of [NewRedis]. The zero value is ready to use.
type RedisOptions struct {
	// Prefix stands before every store key. Default "scs:session:", which is
	// redisstore's; change it where several apps share one database.
	Prefix string
}

var (
	_ Backend = (*Redis)(nil)
	_ Lister  = (*Redis)(nil)
	_ Teller  = (*Redis)(nil)
)

// NewRedis returns a Backend on the given pool, whose dialer sets address,
// password, database number and timeouts. Give it timeouts: an operation lasts
// as long as the pool lets it. options may be nil.
func NewRedis(pool *redis.Pool, options *RedisOptions) *Redis {
	r := &Redis{pool: pool, pipe: redisPipe{pool: pool}, prefix: "scs:session:"}
	if options != nil && options.Prefix != "" {
		r.prefix = options.Prefix
	}
	return r
}

var (
	// The answer is 1 when the swap was made, else what was found. Expiry and
	// limit are the last two arguments of both scripts; see Life. PEXPIREAT
	// has GT for it, but not in Redis 6; 6.0 has no PXAT for SET either, and to
	// try it first costs what it saves.
	swapScript = newRedisScript(`
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

	touchScript = newRedisScript(`
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local now = redis.call('TIME')
local expiry = math.max(tonumber(ARGV[1]), now[1] * 1000 + math.floor(now[2] / 1000) + left)
expiry = math.min(expiry, tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
return 1`)

	deleteScript = newRedisScript(`
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return last`)
)

// noKey is what PTTL says of a key that has expired since GET.
const noKey = -2

// Find implements [Backend]. It sends two commands in one round trip, which
// costs Redis less than a script and need not be atomic.
func (r *Redis) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	args, asked := []any{r.name(key)}, time.Now()
	done, err := r.pipe.do(ctx, redisCommand{name: "GET", args: args}, redisCommand{name: "PTTL", args: args})
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

// Swap implements [Backend].
func (r *Redis) Swap(ctx context.Context, key string, change Change) ([]byte, bool, error) {
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

// Touch implements [Backend].
func (r *Redis) Touch(ctx context.Context, key string, life Life) (bool, error) {
	return redis.Bool(r.pipe.run(ctx, touchScript, r.name(key), life.Expiry.UnixMilli(), life.Limit.UnixMilli()))
}

// Delete implements [Backend].
func (r *Redis) Delete(ctx context.Context, key string, note Note) ([]byte, error) {
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

// All implements [Lister]. It scans the whole database: for maintenance, not
// for serving.
func (r *Redis) All(ctx context.Context) (map[string][]byte, error) {
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
func (r *Redis) encode(note Note) (channel string, body []byte, err error) {
	if note.Event.ID == "" {
		return "", nil, nil
	}
	body, err = note.MarshalJSON()
	return r.channel(note.Event.ID), body, err
}

// name is what Redis calls a key. What is kept for one use is no session: it
// stands outside of their prefix, where no node lists it among them.
func (r *Redis) name(key string) string {
	if isOnce(key) {
		return onceMark + r.prefix + strings.TrimPrefix(key, onceMark)
	}
	return r.prefix + key
}

// channel is where the notes of a session are published.
func (r *Redis) channel(id string) string { return r.prefix + "note:" + id }

// globEscaper makes SCAN take a prefix as it is written.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
