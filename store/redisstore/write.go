package redisstore

import (
	"bytes"
	"context"
	"errors"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

var (
	touchScript = newScript(1, laterLua+`
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
redis.call('PEXPIREAT', KEYS[1], later(left, ARGV[1], ARGV[2]))
return 1`)

	// The reply is the last bytes, and a list of them if the note was refused.
	deleteScript = newScript(1, `
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' and type(redis.pcall('PUBLISH', ARGV[1], ARGV[2])) == 'table' then return {last} end
return last`)
)

// swapArgs is how many arguments swapScript has beside its key.
const swapArgs = 8

// Swap implements [store.Backend].
func (r *RedisStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	note := told(change)
	own := r.listener(note)
	if own.alone && change.Old != nil && change.Owner == nil {
		return r.swapQuietly(ctx, key, change, own)
	}
	channel, body, err := r.encode(note)
	if err != nil {
		return nil, false, err
	}
	wanted := any("present") // constants: to box a variable takes memory
	if change.Old == nil {
		wanted = "absent"
	}
	expiry, limit := millis(change.Life)
	script, args := swapScript, [1 + swapArgs]any{r.name(key), change.Old, change.New, expiry, limit, channel, body, wanted, own.channel()}
	call := script.on(args[:]...)
	if change.Owner != nil {
		script, call = ownedSwapScript, r.swapOwned(key, change.Owner, args[:])
	}
	reply, repeated, err := r.pipe.run(ctx, script, change.Once, call)
	if err != nil {
		return nil, false, err
	}
	if code, _ := reply.(int64); code == 4 {
		return nil, false, nil
	}
	return r.swapped(change, own, reply, repeated)
}

// swapQuietly is Swap for a session to which one of our lines listens, as far as it knows alone.
func (r *RedisStore) swapQuietly(ctx context.Context, key string, change store.Change, own listening) ([]byte, bool, error) {
	args, n := [6]any{r.name(key), change.Old, change.New, own.id}, 4
	if !change.Keeps {
		args[4], args[5] = millis(change.Life)
		n = 6
	}
	script := quietScript.with(&own.line.common)
	if len(change.Old)+len(change.New) <= joinBytes {
		script = script.each(n - 1)
	}
	reply, repeated, err := r.pipe.run(ctx, script, change.Once, script.on(args[:n]...))
	if err != nil {
		return nil, false, err
	}
	return r.swapped(change, own, reply, repeated)
}

// swapped returns what a swap returns, by the reply of its script.
func (r *RedisStore) swapped(change store.Change, own listening, reply any, repeated bool) (current []byte, ok bool, err error) {
	if code, ok := reply.(int64); ok {
		if code == 2 {
			r.reportUnheard()
		}
		own.learn(code)
		return change.New, true, nil
	}
	current, _ = reply.([]byte)
	if repeated && bytes.Equal(current, change.New) {
		return change.New, true, nil // the first try was made after all
	}
	return current, false, nil
}

// millis returns the ends of a life as Redis takes them. Without an idle timeout they are
// the same, and take memory once.
func millis(life store.Life) (expiry, limit any) {
	const first = 1 // SET takes no time before
	expiry = max(first, life.Expiry.UnixMilli())
	if life.Limit.Equal(life.Expiry) {
		return expiry, expiry
	}
	return expiry, max(first, life.Limit.UnixMilli())
}

// Touch implements [store.Backend].
func (r *RedisStore) Touch(ctx context.Context, key string, life store.Life) (bool, error) {
	expiry, limit := millis(life)
	reply, _, err := r.pipe.run(ctx, touchScript, false, touchScript.on(r.name(key), expiry, limit))
	return redis.Bool(reply, err)
}

// Delete implements [store.Backend].
func (r *RedisStore) Delete(ctx context.Context, key string, note store.Note) ([]byte, error) {
	channel, body, err := r.encode(note)
	if err != nil {
		return nil, err
	}
	reply, repeated, err := r.pipe.run(ctx, deleteScript, false, deleteScript.on(r.name(key), channel, body))
	if list, ok := reply.([]any); ok && len(list) == 1 {
		r.reportUnheard()
		reply = list[0]
	}
	last, err := redis.Bytes(reply, err)
	switch {
	case !errors.Is(err, redis.ErrNil):
		return last, err
	case repeated && note.Event.Kind != store.Destroyed:
		return nil, errLastLost
	}
	return nil, nil
}

// errLastLost says that the first of two tries to delete may have found the bytes that
// the caller needs. A logout needs none.
var errLastLost = errors.New("redisstore: the answer of Redis was lost: what was deleted is not known")
