package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A Core is the inside of a [Store]. It serves package plugin, which holds sessions
// for longer than a request. It is not for apps: its methods, and the types that
// only they name ([Snapshot], [Commit], [Watch], [Holder], [Held]), may change in
// any release. It is safe for concurrent use.
type Core struct {
	manager  *scs.SessionManager
	backend  Backend
	maxBytes int // of a session; negative for any

	ends    ends
	news    *news
	holders []Holder // fixed once the manager serves

	// contextKey is where SCS keeps its data of a session in a context.
	contextKey any

	// implicit holds the transactions of contexts that nobody began one in, by
	// their Done channel.
	implicit sync.Map

	listed    bareListings
	malformed malformed
}

// Core returns the inside of the Store, for package plugin. Apps have no use for it.
func (s *Store) Core() *Core { return &s.core }

// Key returns the store key of token: the token, or its hash where the manager
// has HashTokenInStore set. It is as secret as the token.
func (c *Core) Key(token string) string {
	if !c.manager.HashTokenInStore {
		return token
	}
	hash := sha256.Sum256([]byte(token)) // as SCS does it
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// Load returns the session under key and when it expires, which is zero where
// the backend cannot tell. ok is false when there is no session. The error is
// the backend's, or [ErrMalformed].
//
// A caller that holds an earlier snapshot of the session passes it as known,
// and gets it back if nothing has changed since; else known is nil.
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

// A Commit is a change of a session that somebody holds a snapshot of.
type Commit struct {
	Key        string
	ID         string    // of the key; found out when empty
	Base, Mine *Snapshot // what it was made from, and what it made
	// Used is the last use of the session: it is kept alive accordingly, and
	// never cut short.
	Used time.Time
	// By is the watch of who makes it, which does not hear of it; nil for none.
	By *Watch
}

// Save makes a commit and returns what the store then holds: commit.Mine, merged
// with what others wrote since commit.Base was read. It tries until it succeeds or
// ctx ends; others writing at the same time is no error. [ErrGone] says that the
// session has ended, [ErrTooLarge] that it would be too large: then nothing was
// written.
func (c *Core) Save(ctx context.Context, commit Commit) (held *Snapshot, err error) {
	base, mine := commit.Base, commit.Mine
	err = c.Retry(ctx, func() (done bool, err error) {
		held, done, err = c.Swap(ctx, commit)
		if done || err != nil {
			return done, err
		}
		commit.Base = held
		commit.Mine, err = c.Rebase(base, mine, held)
		return false, err
	})
	if err != nil {
		return nil, err
	}
	return held, nil
}

// Swap makes a commit if the store still holds its Base, and then returns its Mine.
// Otherwise ok is false and current is what the store holds. Errors: [ErrGone],
// [ErrTooLarge], [ErrMalformed], or the backend's.
func (c *Core) Swap(ctx context.Context, commit Commit) (current *Snapshot, ok bool, err error) {
	if c.tooLarge(commit.Mine.Bytes, commit.Base.Bytes) {
		return c.oversize(ctx, commit)
	}
	event := c.changeOf(commit)
	found, ok, err := c.backend.Swap(ctx, commit.Key, Change{
		Old: commit.Base.Bytes, New: commit.Mine.Bytes,
		Life: c.Life(commit.Mine.Deadline, commit.Used),
		Note: c.news.note(event),
	})
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case ok:
		c.news.tell(event, commit.By)
		return commit.Mine, true, nil
	case found == nil:
		return nil, false, ErrGone
	}
	current, err = c.decodeStored(found)
	return current, false, err
}

// Touch keeps the session under key alive as if it had last been used at the
// given time. It never passes deadline. [ErrGone] says that the session has
// ended.
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

// End destroys the session under key. Ending one that has ended is no error.
func (c *Core) End(ctx context.Context, key string) error {
	_, err := c.end(ctx, key, Destroyed)
	return err
}

// end deletes the session and tells of it, but not while it is only renewing.
func (c *Core) end(ctx context.Context, key string, why Kind) (last []byte, err error) {
	event := Event{ID: ID(key), Kind: why}
	if last, err = c.backend.Delete(ctx, key, c.news.note(event)); err != nil {
		return nil, fmt.Errorf("store: %s: %w", why, err)
	}
	if last == nil {
		return nil, nil
	}
	c.ends.add(event.ID, why)
	if why != renewing {
		c.news.tell(event, nil)
	}
	return last, nil
}

// Ended returns why the session of an id has ended, for two minutes after this
// Store ended it or heard of its end; later, and for any other session, "".
func (c *Core) Ended(id string) Kind { return c.ends.of(id) }

// AwaitEnd returns what Ended does, as soon as it is known, "" when ctx ends
// before. It is for those who find that a session has ended: the reason comes by
// another way, and may be a moment late.
func (c *Core) AwaitEnd(ctx context.Context, id string) Kind { return c.ends.await(ctx, id) }

// Expire remembers and tells that the time of a session was over, on behalf of
// whoever found out. It does not touch the backend.
func (c *Core) Expire(id string) {
	c.ends.add(id, Expired)
	c.news.tell(Event{ID: id, Kind: Expired}, nil)
}

// Hears tells whether this Store hears of every change that other processes
// make. Where it does not, ask.
func (c *Core) Hears() bool { return c.news.teller != nil }
