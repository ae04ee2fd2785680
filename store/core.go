package store

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"
)

// A Core is the inside of a [Store]. It serves package plugin, which holds sessions
// for longer than a request. It is not for apps: its methods, and the types that
// only they name ([Snapshot], [Commit], [Watch], [Listener], [Holder], [Held]), may change in
// any release. It is safe for concurrent use.
type Core struct {
	coder
	backend Backend
	limit   sizeLimit
	ends    ends
	news    *news
	talk    talk
	holders holders
	users   users

	// contextKey is the key under which SCS keeps its session data in a context.
	contextKey any

	// implicit holds the transactions of contexts in which nobody called [Begin], by
	// the Done channel.
	implicit sync.Map

	bareLists bareLists
	malformed malformed
}

// Key returns the store key of a token: the token, or its hash if the manager has
// HashTokenInStore set. It is as secret as the token.
func (c *Core) Key(token string) string {
	if !c.manager.HashTokenInStore {
		return token
	}
	return hash(token)
}

// ContextKey returns the key under which the manager keeps its session data in a
// context. SCS does not export it.
func (c *Core) ContextKey() any { return c.contextKey }

// AddHolder makes the Store ask a Holder. Call it before the manager serves.
func (c *Core) AddHolder(h Holder) { c.holders = append(c.holders, h) }

// Decode returns a new snapshot of an encoded session. Its values are nobody else's,
// also those that are maps or slices. The error is the codec's.
func (c *Core) Decode(b []byte) (*Snapshot, error) { return c.decode(b) }

// Encode makes a snapshot of values. It holds what the store would give back: JSON
// makes a float64 of an int, and gob drops what is not exported. The error is the
// codec's: it cannot encode a value, or not decode it again.
func (c *Core) Encode(deadline time.Time, values map[string]any) (*Snapshot, error) {
	return c.encode(deadline, values)
}

// EncodeFrom is [Core.Encode] of values that were made from an earlier snapshot.
// asPut says that mine holds these very values, since the codec changes none.
func (c *Core) EncodeFrom(earlier *Snapshot, deadline time.Time, values map[string]any) (mine *Snapshot, asPut bool, err error) {
	return c.encodeFrom(earlier, deadline, values)
}

// Rebase returns current with the changes made between base and mine.
func (c *Core) Rebase(base, mine, current *Snapshot) (*Snapshot, error) {
	return c.rebase(base, mine, current)
}

// Same reports whether two snapshots have the same values and deadline, also where
// their bytes differ.
func (c *Core) Same(a, b *Snapshot) (bool, error) { return c.same(a, b) }

// Fits returns [ErrTooLarge] if mine is larger than Options.MaxBytes and than
// stored, which it would replace; nil for none.
func (c *Core) Fits(mine, stored *Snapshot) error {
	var old []byte
	if stored != nil {
		old = stored.Bytes
	}
	if c.limit.exceeded(mine.Bytes, old) {
		return ErrTooLarge
	}
	return nil
}

// Life returns the life of a session with this deadline that was last used at the
// given time.
func (c *Core) Life(deadline, used time.Time) Life {
	life := Life{Expiry: deadline, Limit: deadline}
	if idle := c.manager.IdleTimeout; idle > 0 {
		if end := used.Add(idle); end.Before(deadline) {
			life.Expiry = end
		}
	}
	return life
}

// Load returns the session under key and when it expires, zero where the backend
// cannot tell. ok is false when there is no session. The error is the backend's, or
// [ErrMalformed].
//
// A caller that holds an earlier snapshot passes it as known, and gets it back if
// nothing has changed since. Otherwise known is nil.
func (c *Core) Load(ctx context.Context, key string, known *Snapshot) (snapshot *Snapshot, expiry time.Time, ok bool, err error) {
	if isOnce(key) {
		return nil, time.Time{}, false, nil
	}
	b, expiry, ok, err := c.backend.Find(ctx, key)
	if err != nil {
		return nil, time.Time{}, false, fmt.Errorf("store: load: %w", err)
	}
	if !ok {
		return nil, time.Time{}, false, nil
	}
	if known != nil && bytes.Equal(b, known.Bytes) {
		return known, expiry, true, nil
	}
	found, err := c.decodeStored(b)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	return found, expiry, true, nil
}

// Holds reports whether the store holds a snapshot under key, as far as it can tell for less
// than a [Core.Load].
func (c *Core) Holds(ctx context.Context, key string, known *Snapshot) (bool, error) {
	comparer, ok := c.backend.(Comparer)
	if !ok || isOnce(key) {
		return false, nil
	}
	held, err := comparer.Holds(ctx, key, known.Bytes)
	if err != nil {
		return false, fmt.Errorf("store: load: %w", err)
	}
	return held, nil
}

// Probe returns the bytes of the session under each key, nil where there is none. A
// [Prober] answers in one round trip, another backend in one for each key.
func (c *Core) Probe(ctx context.Context, keys []string) (found [][]byte, err error) {
	if prober, ok := c.backend.(Prober); ok {
		found, err = prober.Probe(ctx, keys)
	} else {
		found, err = probeEach(ctx, c.backend, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("store: probe: %w", err)
	}
	return found, nil
}

func probeEach(ctx context.Context, b Backend, keys []string) ([][]byte, error) {
	found := make([][]byte, len(keys))
	for n, key := range keys {
		b, _, ok, err := b.Find(ctx, key)
		if err != nil {
			return nil, err
		}
		if ok {
			found[n] = b
		}
	}
	return found, nil
}

// Touch keeps the session under key alive as if it had last been used at the given
// time, but not after deadline. [ErrGone] says that the session has ended.
func (c *Core) Touch(ctx context.Context, key string, deadline, used time.Time) error {
	ok, err := c.backend.Touch(ctx, key, c.Life(deadline, used))
	if err != nil {
		return fmt.Errorf("store: touch: %w", err)
	}
	if !ok {
		return ErrGone
	}
	return nil
}

// End destroys the session under key. It is no error if that has ended.
func (c *Core) End(ctx context.Context, key string) error {
	_, err := c.end(ctx, key, Destroyed)
	return err
}

// end deletes a session and tells why it ended, unless it is only renewing.
func (c *Core) end(ctx context.Context, key string, why Kind) (last []byte, err error) {
	event := Event{ID: ID(key), Kind: why}
	last, err = c.backend.Delete(ctx, key, c.news.note(event))
	if err != nil || last == nil {
		// It may be gone, by this call or an earlier one, and nobody here knows.
		c.news.tell(Event{ID: event.ID, Kind: Missed}, nil)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("store: %s: %w", why, err)
	case last == nil:
		return nil, nil
	}
	c.ends.add(event.ID, why)
	if why != renewing {
		c.news.tell(event, nil)
		c.leave(ctx, left{c.userOfLast(last), key})
	}
	return last, nil
}

// Expire remembers and tells that the time of a session is over. The caller has
// found that out. The backend is not called.
func (c *Core) Expire(id string) {
	c.ends.add(id, Expired)
	c.news.tell(Event{ID: id, Kind: Expired}, nil)
}

// Check returns why the backend can never work, nil if that is not certain.
func (c *Core) Check(ctx context.Context) error {
	if checker, ok := c.backend.(Checker); ok {
		return checker.Check(ctx)
	}
	return nil
}

// Watch returns a Watch that follows nothing yet.
func (c *Core) Watch() *Watch { return c.news.watch() }

// Hears reports whether this Store hears now of every change that other processes
// make. If not, load sessions to find out.
func (c *Core) Hears() bool { return c.news.hears() }

// Heard returns when the backend last showed that it is there without being asked by a
// caller, the zero time if it never has: see [Pulse].
func (c *Core) Heard() time.Time { return c.news.heard() }
