package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
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
}

// Attach makes a Store on backend the store of manager. Call it before the
// manager serves, on every node, also on those that only serve HTTP. The
// manager's Codec, IdleTimeout and HashTokenInStore are honoured; set them
// before serving too. The default codec is replaced by a [Codec], which reads
// and writes the same, faster; one of your own is kept.
func Attach(manager *scs.SessionManager, backend Backend) *Store {
	s := &Store{manager: manager, backend: backend}
	manager.Store = s
	if _, ok := manager.Codec.(scs.GobCodec); ok {
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
// the backend's or the codec's.
//
// A caller that holds an earlier snapshot of the session passes it as known,
// and gets it back if nothing has changed since; else known is nil.
func (s *Store) Load(ctx context.Context, key string, known *Snapshot) (snapshot *Snapshot, expiry time.Time, ok bool, err error) {
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
	found, err := s.decode(b)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	return found, expiry, true, nil
}

// Save commits the changes made between base and mine and returns what the
// store then holds: mine, or mine merged with what others wrote since base was
// read. It tries until it succeeds or ctx ends; others writing at the same
// time is no error. [ErrGone] says that the session has ended, and nothing was
// written. The session is kept alive as if it had last been used at used.
func (s *Store) Save(ctx context.Context, key string, base, mine *Snapshot, used time.Time) (*Snapshot, error) {
	current, next := base, mine
	for attempt := 0; ; attempt++ {
		found, ok, err := s.Swap(ctx, key, current, next, used)
		if err != nil || ok {
			return found, err
		}
		current = found
		if next, err = s.Rebase(base, mine, current); err != nil {
			return nil, err
		}
		if err := Backoff(ctx, attempt); err != nil {
			return nil, fmt.Errorf("store: save: %w", err)
		}
	}
}

// Swap commits mine if the store still holds base, and then returns mine; used
// is as for Save. Otherwise ok is false and current is what the store holds.
// [ErrGone] says that the session has ended.
func (s *Store) Swap(ctx context.Context, key string, base, mine *Snapshot, used time.Time) (current *Snapshot, ok bool, err error) {
	found, ok, err := s.backend.Swap(ctx, key, base.Bytes, mine.Bytes, s.Life(mine.Deadline, used))
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case ok:
		return mine, true, nil
	case found == nil:
		return nil, false, ErrGone
	}
	current, err = s.decode(found)
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
func (s *Store) End(ctx context.Context, key string) error { return s.end(ctx, key, Destroyed) }

func (s *Store) end(ctx context.Context, key string, reason Reason) error {
	last, err := s.backend.Delete(ctx, key)
	if err != nil {
		return fmt.Errorf("store: destroy: %w", err)
	}
	if last != nil {
		s.ends.add(key, reason)
	}
	return nil
}

// Ended returns why the session under key has ended, for two minutes after it
// was ended through this Store; later, and for any other session, "".
func (s *Store) Ended(key string) Reason { return s.ends.reason(key) }

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
