package redisstore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/socketio-sessions/socketio-sessions/store"
)

// rollOf returns the key in Redis of a user's roll. It has the version of the layout, and
// hides the name.
func (r *RedisStore) rollOf(user string) string {
	sum := sha256.Sum256([]byte(user))
	return r.own + "roll:1:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// swapOwned returns the script of a swap that means something to rolls, with its arguments.
// args are those of swapScript, key included.
func (r *RedisStore) swapOwned(key string, o *store.Owner, args []any) []any {
	device, user, was := o.Device, o.User, o.Was
	left, seen, late, moved := "", "seen", "", ""
	switch {
	case user == "":
		user, device, left = was, "", "left"
	case user == was:
		seen = ""
	case was == "":
		was = user
	default:
		left = "left"
	}
	if o.Late {
		late = "late"
	}
	if o.Moved {
		moved = "moved"
	}
	all := make([]any, 0, len(args)+10+len(o.From))
	all = append(all, args[0], r.rollOf(user), r.rollOf(was))
	all = append(all, args[1:]...)
	all = append(all, key, device, o.Deadline.UnixMilli(), left, seen, late, moved, r.prefix)
	for _, from := range o.From {
		all = append(all, from)
	}
	return ownedSwapScript.on(all...)
}

// Entries implements [store.Roll].
func (r *RedisStore) Entries(ctx context.Context, user string) ([]store.Entry, error) {
	return r.mark(ctx, user, "none")
}

// Condemn implements [store.Roll].
func (r *RedisStore) Condemn(ctx context.Context, user string, but bool, devices ...string) ([]store.Entry, error) {
	which := "only"
	if but {
		which = "but"
	}
	return r.mark(ctx, user, which, devices...)
}

func (r *RedisStore) mark(ctx context.Context, user, which string, devices ...string) ([]store.Entry, error) {
	args := []any{r.rollOf(user), r.prefix, which}
	for _, device := range devices {
		args = append(args, device)
	}
	reply, _, err := r.pipe.run(ctx, markScript, false, markScript.on(args...))
	rows, err := redis.Values(reply, err)
	if err != nil {
		return nil, err
	}
	entries := make([]store.Entry, len(rows))
	for i, row := range rows {
		if entries[i], err = entryOf(row); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// entryOf returns an entry as markScript does.
func entryOf(reply any) (e store.Entry, err error) {
	var made int64
	row, err := redis.Values(reply, nil)
	if err == nil {
		_, err = redis.Scan(row, &e.Key, &e.Device, &made, &e.Live)
	}
	if err != nil {
		return e, fmt.Errorf("redisstore: an entry of a roll: %w", err)
	}
	if made > 0 {
		e.Made = time.UnixMilli(made)
	}
	return e, nil
}

// Supersede implements [store.Roll].
func (r *RedisStore) Supersede(ctx context.Context, user, key string, limit int, byUse bool) (keys []string, err error) {
	by := "login"
	if byUse {
		by = "use"
	}
	reply, _, err := r.pipe.run(ctx, supersedeScript, false, supersedeScript.on(r.rollOf(user), r.prefix, key, limit, by))
	return redis.Strings(reply, err)
}

// End implements [store.Roll].
func (r *RedisStore) End(ctx context.Context, user, key string, old []byte, note store.Note) ([]byte, bool, error) {
	channel, body, err := r.encode(note)
	if err != nil {
		return nil, false, err
	}
	reply, repeated, err := r.pipe.run(ctx, endScript, false, endScript.on(r.name(key), r.rollOf(user), key, old, channel, body))
	if code, ok := reply.(int64); ok && err == nil {
		if code == 2 {
			r.reportUnheard()
		}
		return nil, true, nil
	}
	current, err := redis.Bytes(reply, err)
	if errors.Is(err, redis.ErrNil) {
		return nil, repeated, nil // the first try has ended it
	}
	return current, false, err
}

// Leave implements [store.Roll].
func (r *RedisStore) Leave(ctx context.Context, user, key string, held []byte) error {
	wanted := "present"
	if held == nil {
		wanted = "absent"
	}
	_, _, err := r.pipe.run(ctx, leaveScript, false, leaveScript.on(r.name(key), r.rollOf(user), key, wanted, held))
	return err
}
