// Package redisstore keeps sessions in Redis. It takes the place of
// github.com/alexedwards/scs/redisstore: it has the same two constructors and keeps the
// same sessions. An app changes one import, and attaches what New returns.
//
//	store.Attach(manager, redisstore.New(pool), store.Options{})
package redisstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// A RedisStore is a [store.Backend] in Redis 6 or later. It keeps the layout of SCS's
// own redisstore: the bytes under "scs:session:" and the key, expired by PEXPIREAT. So
// nodes that still use that share the same sessions.
//
// Each operation but All is one round trip, once Redis knows the scripts. Each change is
// one Lua script on one key. Operations of many goroutines go together, on one
// connection. The script also publishes what happened to the session, on a channel of
// the session's id. A Store that follows sessions holds two connections of the pool, to
// hear that and to hear what is said, so the pool must allow at least three.
//
// Under the prefix there are sessions and nothing else. Claims, tickets and channels have
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
	lines  sync.Map // *events by the name of their Store
}

var (
	_ store.Backend = (*RedisStore)(nil)
	_ store.Lister  = (*RedisStore)(nil)
	_ store.Teller  = (*RedisStore)(nil)
	_ store.Speaker = (*RedisStore)(nil)
	_ store.Prober  = (*RedisStore)(nil)

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

var (
	// The reply is 1 if the swap was made, 2 if the note was refused, 3 if it was not
	// published since nobody else listens, else what was found. Of the arguments, 1 and
	// 2 are the old and the new bytes, 3 and 4 the life's expiry and limit, 5 and 6 the
	// channel and the note, 7 whether the key must be absent, 8 whether the sender is
	// one of the channel's listeners and wants no others to be bothered. Where Redis
	// counts none, they listen at a replica, which PUBLISH reaches. PEXPIREAT GT would
	// do, but Redis 6 does not have it. Redis 6.0 does not have SET with PXAT either,
	// and to try that first costs what it saves.
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
if ARGV[8] == 'alone' and redis.pcall('PUBSUB', 'NUMSUB', ARGV[5])[2] == 1 then return 3 end
if ARGV[5] ~= '' and type(redis.pcall('PUBLISH', ARGV[5], ARGV[6])) == 'table' then return 2 end
return 1`)

	touchScript = newScript(`
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
local now = redis.call('TIME')
local expiry = math.max(tonumber(ARGV[1]), now[1] * 1000 + math.floor(now[2] / 1000) + left)
expiry = math.min(expiry, tonumber(ARGV[2]))
redis.call('PEXPIREAT', KEYS[1], string.format('%d', expiry))
return 1`)

	// The reply is the last bytes, and a list of them if the note was refused.
	deleteScript = newScript(`
local last = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
if last and ARGV[1] ~= '' and type(redis.pcall('PUBLISH', ARGV[1], ARGV[2])) == 'table' then return {last} end
return last`)
)

// noKey is PTTL's reply for a key that has expired since GET.
const noKey = -2

// Find implements [store.Backend]. It sends two commands in one round trip. They need
// not be atomic, and cost Redis less than a script.
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
	// This is never too late: a caller that finds no session after it knows why.
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
	expiry, limit := millis(change.Life)
	alone, own := "", r.listenerTo(change.Note)
	if own != nil {
		alone = "alone"
	}
	reply, repeated, err := r.pipe.run(ctx, swapScript, change.Once, swapScript.on(r.name(key), change.Old, change.New,
		expiry, limit, channel, body, wanted, alone))
	if err != nil {
		return nil, false, err
	}
	if swapped, ok := reply.(int64); ok {
		switch swapped {
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

// listenerTo returns the line of a note's Store if that listens to the session whose
// change the note tells; else nil. Ends are always published.
func (r *RedisStore) listenerTo(note store.Note) *events {
	if note.Event.Kind != store.Changed {
		return nil
	}
	own, ok := r.lines.Load(note.From)
	if !ok || !own.(*events).feed.listensTo(note.Event.ID) {
		return nil
	}
	return own.(*events)
}

// reportUnheard reports that a note was refused.
func (r *RedisStore) reportUnheard() {
	r.report(fmt.Errorf("redisstore: no other node hears of logouts and changes here; give the Redis user of this one the channels &%s*", r.own))
}

// Report implements [store.Reporter].
func (r *RedisStore) Report(to func(error)) { r.to.Store(&to) }

func (r *RedisStore) report(err error) {
	if to := r.to.Load(); to != nil {
		(*to)(err)
	}
}

// millis returns the ends of a life as Redis takes them. Without an idle timeout they are
// the same, and take memory once.
func millis(life store.Life) (expiry, limit any) {
	expiry = life.Expiry.UnixMilli()
	if life.Limit.Equal(life.Expiry) {
		return expiry, expiry
	}
	return expiry, life.Limit.UnixMilli()
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

// encode returns the channel and the message of a note, "" for no note.
func (r *RedisStore) encode(note store.Note) (channel string, body []byte, err error) {
	if note.Event.ID == "" {
		return "", nil, nil
	}
	body, err = note.MarshalJSON()
	if len(body) > store.MaxNoteBytes {
		return "", nil, store.ErrNoteTooLarge
	}
	return r.channel(note.Event), body, err
}

// name returns the key in Redis of a store key. Claims and tickets are no sessions, so
// they have another prefix: no node lists them among its sessions.
func (r *RedisStore) name(key string) string {
	if strings.HasPrefix(key, store.OncePrefix) {
		return r.own + key
	}
	return r.prefix + key
}

// channel returns the channel on which an event is told.
func (r *RedisStore) channel(event store.Event) string {
	if event.Kind == store.Said {
		return r.own + "said:" + event.ID
	}
	return r.own + "note:" + event.ID
}

// globEscaper escapes a prefix for SCAN, which takes patterns.
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

// ErrCluster says that the server belongs to a Redis cluster, where a RedisStore does not
// work.
var ErrCluster = errors.New("redisstore: the server is a node of a Redis cluster, which is not supported; use one server, or Sentinel")

// Check implements [store.Checker]. It returns [ErrCluster], or what is wrong with the
// pool. A server that cannot be reached yet is no error.
func (r *RedisStore) Check(ctx context.Context) error {
	if limit := r.pool.MaxActive; limit > 0 && limit < 3 {
		return fmt.Errorf("redisstore: the pool's MaxActive is %d; it must be at least 3: two connections listen", limit)
	}
	conn, err := r.pool.GetContext(ctx)
	if err != nil {
		return nil //nolint:nilerr // it may be started later
	}
	defer conn.Close()
	info, err := redis.String(redis.DoContext(conn, ctx, "INFO", "cluster"))
	if err == nil && strings.Contains(info, "cluster_enabled:1") {
		return ErrCluster
	}
	return nil
}
