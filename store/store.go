package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// A Store keeps the sessions of one manager in a [Backend]. To SCS it is a
// store like any other; Load, Save, Touch and End serve those who hold a
// session longer than a request. It is safe for concurrent use.
type Store struct {
	manager *scs.SessionManager
	backend Backend
	ends    ends
	news    *news

	keepers []Keeper // fixed once the manager serves

	// implicit holds the transactions of contexts that nobody began one in, by
	// their Done channel.
	implicit sync.Map

	maxBytes int // of a session; negative for any

	// contextKey is where SCS keeps its data of a session in a context.
	contextKey any

	listed    bareListings
	malformed malformed
}

// Attach makes a Store on backend the store of manager. Call it before the
// manager serves, on every node, also on those that only serve HTTP. The
// manager's Codec, IdleTimeout and HashTokenInStore are honoured; set them
// before serving too. From then on commits merge, also through the manager's
// own LoadAndSave: there a commit of a session that has ended is dropped
// without an error, as it is with any context that can be cancelled and was not
// made by [Begin]. A context that a handler derives with a Done channel of its
// own, as context.WithTimeout does, is outside of that; [Store.LoadAndSave]
// covers it. The default codec is replaced by a [Codec], which reads and writes
// the same, faster, unless [Options] say otherwise; one of your own is kept.
func Attach(manager *scs.SessionManager, backend Backend, options Options) *Store {
	s := &Store{
		manager: manager, backend: backend,
		contextKey: contextKeyOf(manager),
		malformed:  malformed{log: options.Logger},
		maxBytes:   options.MaxBytes,
	}
	s.news = newNews(backend, &s.ends)
	if s.maxBytes == 0 {
		s.maxBytes = defaultMaxBytes
	}
	manager.Store = s
	if _, ok := manager.Codec.(scs.GobCodec); ok && !options.KeepCodec {
		manager.Codec = new(Codec)
	}
	return s
}

// Key returns the store key of token: the token, or its hash where the manager
// has HashTokenInStore set. It is as secret as the token.
func (s *Store) Key(token string) string {
	if !s.manager.HashTokenInStore {
		return token
	}
	hash := sha256.Sum256([]byte(token)) // as SCS does it
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// ID returns the public name of the session under a store key: it names the
// session in logs, events and pages, and does not lead back to the token.
func ID(key string) string {
	hash := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// Load returns the session under key and when it expires, which is zero where
// the backend cannot tell. ok is false when there is no session. The error is
// the backend's, or [ErrMalformed].
//
// A caller that holds an earlier snapshot of the session passes it as known,
// and gets it back if nothing has changed since; else known is nil.
func (s *Store) Load(ctx context.Context, key string, known *Snapshot) (snapshot *Snapshot, expiry time.Time, ok bool, err error) {
	if isOnce(key) {
		return nil, time.Time{}, false, nil
	}
	b, expiry, ok, err := s.backend.Find(ctx, key)
	if err != nil {
		return nil, time.Time{}, false, fmt.Errorf("store: load: %w", err)
	}
	if !ok {
		return nil, time.Time{}, false, nil
	}
	if known != nil && bytes.Equal(b, known.Bytes) {
		return known, expiry, true, nil
	}
	found, err := s.decodeStored(b)
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

// Save makes a commit and returns what the store then holds: c.Mine, or c.Mine
// merged with what others wrote since c.Base was read. It tries until it
// succeeds or ctx ends; others writing at the same time is no error. [ErrGone]
// says that the session has ended, [ErrTooLarge] that it would be too large, and
// nothing was written.
func (s *Store) Save(ctx context.Context, c Commit) (*Snapshot, error) {
	base, mine := c.Base, c.Mine
	for attempt := 0; ; attempt++ {
		found, ok, err := s.Swap(ctx, c)
		if err != nil || ok {
			return found, err
		}
		c.Base = found
		if c.Mine, err = s.Rebase(base, mine, found); err != nil {
			return nil, err
		}
		if err := Backoff(ctx, attempt); err != nil {
			return nil, fmt.Errorf("store: save: %w", err)
		}
	}
}

// Swap makes a commit if the store still holds c.Base, and then returns c.Mine.
// Otherwise ok is false and current is what the store holds. Errors: [ErrGone],
// [ErrTooLarge], [ErrMalformed], or the backend's.
func (s *Store) Swap(ctx context.Context, c Commit) (current *Snapshot, ok bool, err error) {
	if s.tooLarge(c.Mine.Bytes, c.Base.Bytes) {
		return s.oversize(ctx, c)
	}
	event := s.changeOf(c)
	found, ok, err := s.backend.Swap(ctx, c.Key, Change{
		Old: c.Base.Bytes, New: c.Mine.Bytes,
		Life: s.Life(c.Mine.Deadline, c.Used),
		Note: s.news.note(event),
	})
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case ok:
		s.news.tell(event, c.By)
		return c.Mine, true, nil
	case found == nil:
		return nil, false, ErrGone
	}
	current, err = s.decodeStored(found)
	return current, false, err
}

// Touch keeps the session under key alive as if it had last been used at the
// given time. It never passes deadline. [ErrGone] says that the session has
// ended.
func (s *Store) Touch(ctx context.Context, key string, deadline, used time.Time) error {
	ok, err := s.backend.Touch(ctx, key, s.Life(deadline, used))
	if err != nil {
		return fmt.Errorf("store: touch: %w", err)
	}
	if !ok {
		return ErrGone
	}
	return nil
}

// End destroys the session under key. Ending one that has ended is no error.
func (s *Store) End(ctx context.Context, key string) error {
	_, err := s.end(ctx, key, Destroyed)
	return err
}

// end deletes the session and tells of it, but not while it is only renewing.
func (s *Store) end(ctx context.Context, key string, why Kind) (last []byte, err error) {
	event := Event{ID: ID(key), Kind: why}
	if last, err = s.backend.Delete(ctx, key, s.news.note(event)); err != nil {
		return nil, fmt.Errorf("store: %s: %w", why, err)
	}
	if last == nil {
		return nil, nil
	}
	s.ends.add(event.ID, why)
	if why != renewing {
		s.news.tell(event, nil)
	}
	return last, nil
}

// Ended returns why the session of an id has ended, for two minutes after this
// Store ended it or heard of its end; later, and for any other session, "".
func (s *Store) Ended(id string) Kind { return s.ends.of(id) }

// AwaitEnd returns what Ended does, as soon as it is known, "" when ctx ends
// before. It is for those who find that a session has ended: the reason comes by
// another way, and may be a moment late.
func (s *Store) AwaitEnd(ctx context.Context, id string) Kind { return s.ends.await(ctx, id) }

// Expire remembers and tells that the time of a session was over, on behalf of
// whoever found out. It does not touch the backend.
func (s *Store) Expire(id string) {
	s.ends.add(id, Expired)
	s.news.tell(Event{ID: id, Kind: Expired}, nil)
}

// Hears tells whether this Store hears of every change that other processes
// make. Where it does not, ask.
func (s *Store) Hears() bool { return s.news.teller != nil }

// Backoff waits before a swap that lost against another is tried again: not at
// all at first, then a random part of a window that doubles up to 16 ms, so
// that many writers get their turns. attempt counts from 0. The error is ctx's.
func Backoff(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	timer := time.NewTimer(rand.N(time.Millisecond << min(attempt-2, 4))) //nolint:gosec // jitter is no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
