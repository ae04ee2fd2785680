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
// Each operation is one round trip, and each change one Lua script on one key:
// atomic, and fit for a cluster. What becomes of a session is published by the same script on
// a channel of the session's id; a Store that follows sessions holds one
// connection of the pool to hear it, so the pool must allow two at least.
//
// A node that writes the same sessions through plain redisstore is not bound
// by any of this package's promises: it overwrites what it did not read, and
// can bring back a session that has ended.
type Redis struct {
	pool   *redis.Pool
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
	r := &Redis{pool: pool, prefix: "scs:session:"}
	if options != nil && options.Prefix != "" {
		r.prefix = options.Prefix
	}
	return r
}

var (
	// The answer is 1 when the swap was made, else what was found. Expiry and
	// limit are the last two arguments of both scripts; see Life. PEXPIREAT
	// has GT for it, but not in Redis 6.
	swapScript = redis.NewScript(1, `
local current = redis.call('GET', KEYS[1])
if ARGV[7] == 'absent' then
	if current then return current end
elseif current ~= ARGV[1] then
	return current
end
local expiry = tonumber(ARGV[3])
if current and ARGV[3] ~= ARGV[4] then
	local now = redis.call('TIME')
	expiry = math.max(expiry, now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', KEYS[1]))
	expiry = math.min(expiry, tonumber(ARGV[4]))
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1`)

	touchScript = redis.NewScript(1, `
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local now = redis.call('TIME')
local expiry = math.max(tonumber(ARGV[1]), now[1] * 1000 + math.floor(now[2] / 1000) + left)
expiry = math.min(expiry, tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
return 1`)

	deleteScript = redis.NewScript(1, `
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return last`)
)

// Find implements [Backend]. It sends two commands in one round trip, which
// costs Redis less than a script and need not be atomic.
func (r *Redis) Find(ctx context.Context, key string) ([]byte, time.Time, bool, error) {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	defer conn.Close()
	key = r.prefix + key
	if err := errors.Join(conn.Send("GET", key), conn.Send("PTTL", key), conn.Flush()); err != nil {
		return nil, time.Time{}, false, err
	}
	b, err := redis.Bytes(receive(ctx, conn))
	if absent := errors.Is(err, redis.ErrNil); err != nil && !absent {
		return nil, time.Time{}, false, err
	}
	left, err := redis.Int64(receive(ctx, conn))
	if err != nil || b == nil {
		return nil, time.Time{}, false, err
	}
	if left < 0 {
		return b, time.Time{}, true, nil
	}
	return b, time.Now().Add(time.Duration(left) * time.Millisecond), true, nil
}

// receive waits for a reply until ctx ends, if it can.
func receive(ctx context.Context, conn redis.Conn) (any, error) {
	if ctx.Done() == nil {
		return conn.Receive()
	}
	return redis.ReceiveContext(conn, ctx)
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
	reply, err := r.do(ctx, swapScript, key, change.Old, change.New,
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
	return redis.Bool(r.do(ctx, touchScript, key, life.Expiry.UnixMilli(), life.Limit.UnixMilli()))
}

// Delete implements [Backend].
func (r *Redis) Delete(ctx context.Context, key string, note Note) ([]byte, error) {
	channel, body, err := r.encode(note)
	if err != nil {
		return nil, err
	}
	last, err := redis.Bytes(r.do(ctx, deleteScript, key, channel, body))
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

// channel is where the notes of a session are published.
func (r *Redis) channel(id string) string { return r.prefix + "note:" + id }

// do runs script on the session under key.
func (r *Redis) do(ctx context.Context, script *redis.Script, key string, args ...any) (any, error) {
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	args = append([]any{r.prefix + key}, args...)
	if ctx.Done() == nil {
		// Nothing to wait for but the answer, and redigo's DoContext would
		// start a goroutine to wait for both.
		return script.Do(conn, args...)
	}
	return script.DoContext(ctx, conn, args...)
}

// globEscaper makes SCAN take a prefix as it is written.
var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)
