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
}

// Attach makes a Store on backend the store of manager. Call it before the
// manager serves, on every node, also on those that only serve HTTP. The
// manager's Codec, IdleTimeout and HashTokenInStore are honoured; set them
// before serving too.
func Attach(manager *scs.SessionManager, backend Backend) *Store {
	s := &Store{manager: manager, backend: backend}
	manager.Store = s
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

// Load returns the session under key; ok is false when there is none. The
// error is the backend's or the codec's.
func (s *Store) Load(ctx context.Context, key string) (snapshot *Snapshot, ok bool, err error) {
	return s.Refresh(ctx, key, nil)
}

// Refresh returns the session under key as it is now, and known itself when
// nothing has changed since.
func (s *Store) Refresh(ctx context.Context, key string, known *Snapshot) (snapshot *Snapshot, ok bool, err error) {
	b, expiry, ok, err := s.backend.Find(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("store: load: %w", err)
	}
	if !ok {
		return nil, false, nil
	}
	if known != nil && bytes.Equal(b, known.Bytes) {
		return known, true, nil
	}
	found, err := s.decode(b)
	if err != nil {
		return nil, false, err
	}
	found.Expiry = expiry
	return found, true, nil
}

// Save commits the changes made between base and mine and returns what the
// store then holds: mine, or mine merged with what others wrote since base was
// read. It tries until it succeeds or ctx ends; others writing at the same
// time is no error. [ErrGone] says that the session has ended, and nothing was
// written.
func (s *Store) Save(ctx context.Context, key string, base, mine *Snapshot) (*Snapshot, error) {
	return s.update(ctx, key, base, func(current *Snapshot) (*Snapshot, error) {
		if current == base {
			return mine, nil
		}
		return s.Rebase(base, mine, current)
	})
}

// update commits what change makes of the present session, guessed to be base
// at first, and runs change again for as long as somebody else was faster.
func (s *Store) update(ctx context.Context, key string, base *Snapshot, change func(*Snapshot) (*Snapshot, error)) (*Snapshot, error) {
	for attempt := 0; ; attempt++ {
		mine, err := change(base)
		if err != nil {
			return nil, err
		}
		current, ok, err := s.Swap(ctx, key, base, mine)
		if err != nil || ok {
			return current, err
		}
		base = current
		if err := Backoff(ctx, attempt); err != nil {
			return nil, fmt.Errorf("store: save: %w", err)
		}
	}
}

// Swap commits mine if the store still holds base, and then returns mine.
// Otherwise ok is false and current is what the store holds. [ErrGone] says
// that the session has ended.
func (s *Store) Swap(ctx context.Context, key string, base, mine *Snapshot) (current *Snapshot, ok bool, err error) {
	expiry := s.expiry(mine.Deadline, time.Now())
	found, ok, err := s.backend.Swap(ctx, key, base.Bytes, mine.Bytes, expiry)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("store: save: %w", err)
	case ok:
		saved := *mine
		saved.Expiry = expiry
		return &saved, true, nil
	case found == nil:
		return nil, false, ErrGone
	}
	current, err = s.decode(found)
	return current, false, err
}

// Touch keeps the session under key alive as if it had last been used at the
// given time, and returns when it will now expire. It never passes deadline.
// [ErrGone] says that the session has ended.
func (s *Store) Touch(ctx context.Context, key string, deadline, used time.Time) (time.Time, error) {
	expiry := s.expiry(deadline, used)
	ok, err := s.backend.Touch(ctx, key, expiry)
	if err != nil {
		return time.Time{}, fmt.Errorf("store: touch: %w", err)
	}
	if !ok {
		return time.Time{}, ErrGone
	}
	return expiry, nil
}

// End destroys the session under key. Ending one that has ended is no error.
func (s *Store) End(ctx context.Context, key string) error {
	if _, err := s.backend.Delete(ctx, key); err != nil {
		return fmt.Errorf("store: destroy: %w", err)
	}
	return nil
}

// Backoff waits before a swap that lost against another is tried again: not at
// all at first, then a random part of a window that doubles up to 16 ms, so
// that many writers get their turns. attempt counts from 0. The error is ctx's.
func Backoff(ctx context.Context, attempt int) error {
	if attempt < 2 {
		return ctx.Err()
	}
	timer := time.NewTimer(rand.N(time.Millisecond << min(attempt-2, 4)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
