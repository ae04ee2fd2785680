package redisstore

import (
	"bytes"
	"context"
	"errors"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// The two parts of swapScript.
const (
	swapCheck = `
local current = redis.call('GET', KEYS[1])
if ARGV[7] == 'absent' then
	if current then return current end
elseif current ~= ARGV[1] then
	return current
end
`
	swapMake = `
local expiry = ARGV[3]
if current and expiry ~= ARGV[4] then
	local now = redis.call('TIME')
	local present = now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', KEYS[1])
	expiry = math.min(math.max(tonumber(expiry), present), tonumber(ARGV[4]))
	expiry = string.format('%d', expiry)
end
if redis.REDIS_VERSION_NUM then
	redis.call('SET', KEYS[1], ARGV[2], 'PXAT', expiry)
else
	redis.call('SET', KEYS[1], ARGV[2])
	redis.call('PEXPIREAT', KEYS[1], expiry)
end
if ARGV[8] == 'alone' and redis.pcall('PUBSUB', 'NUMSUB', ARGV[5])[2] == 1 then return 3 end
if ARGV[5] ~= '' and type(redis.pcall('PUBLISH', ARGV[5], ARGV[6])) == 'table' then return 2 end
return 1`
)

var (
	// The reply is 1 if the swap was made, 2 if the note was refused, 3 if it was not
	// published since nobody else listens, else what was found. Of the arguments, 1 and
	// 2 are the old and the new bytes, 3 and 4 the life's expiry and limit, 5 and 6 the
	// channel and the note, 7 whether the key must be absent, 8 whether the sender is
	// one of the channel's listeners and wants no others to be bothered. Where Redis
	// counts none, they listen at a replica, which PUBLISH reaches. PEXPIREAT GT would
	// do, but Redis 6 does not have it. Nor does Redis 6.0 have SET with PXAT, which costs
	// the AOF and replicas one command instead of four; Redis 7 tells its version.
	swapScript = newScript(1, swapCheck+swapMake)

	touchScript = newScript(1, `
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local now = redis.call('TIME')
local expiry = math.max(tonumber(ARGV[1]), now[1] * 1000 + math.floor(now[2] / 1000) + left)
expiry = math.min(expiry, tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
return 1`)

	// The reply is the last bytes, and a list of them if the note was refused.
	deleteScript = newScript(1, `
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' and type(redis.pcall('PUBLISH', ARGV[1], ARGV[2])) == 'table' then return {last} end
return last`)
)

// Swap implements [store.Backend].
func (r *RedisStore) Swap(ctx context.Context, key string, change store.Change) ([]byte, bool, error) {
	channel, body, err := r.encode(change.Note)
	if err != nil {
		return nil, false, err
	}
	var wanted, alone any = "present", "" // constants: to box a variable takes memory
	if change.Old == nil {
		wanted = "absent"
	}
	expiry, limit := millis(change.Life)
	own := r.listenerTo(change.Note)
	if own != nil {
		alone = "alone"
	}
	script, args := swapScript, [...]any{r.name(key), change.Old, change.New, expiry, limit, channel, body, wanted, alone}
	call := script.on(args[:]...)
	if change.Owner != nil {
		script, call = ownedSwapScript, r.swapOwned(key, change.Owner, args[:])
	}
	reply, repeated, err := r.pipe.run(ctx, script, change.Once, call)
	if err != nil {
		return nil, false, err
	}
	if swapped, ok := reply.(int64); ok {
		switch swapped {
		case 4:
			return nil, false, nil
		case 2:
			r.reportUnheard()
		case 3:
			own.quiet.add(change.Note.Event.ID)
		}
		return change.New, true, nil
	}
	current, _ := reply.([]byte)
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
