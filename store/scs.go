package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

var (
	_ scs.CtxStore         = (*Store)(nil)
	_ scs.IterableCtxStore = (*Store)(nil)
)

// FindCtx implements scs.CtxStore. What it finds becomes the base of a later
// commit in the same transaction.
func (s *Store) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	b, _, ok, err := s.backend.Find(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("store: load: %w", err)
	}
	if tx := transactionIn(ctx); tx != nil && ok {
		tx.read(key, b)
	}
	return b, ok, nil
}

// CommitCtx implements scs.CtxStore. In a transaction it merges; see [Begin].
// Without one it replaces what is there, as SCS does.
func (s *Store) CommitCtx(ctx context.Context, key string, b []byte, expiry time.Time) error {
	tx := transactionIn(ctx)
	if tx == nil {
		return s.replace(ctx, key, b, expiry)
	}
	base, err := tx.base(key)
	if err != nil {
		return err
	}
	if base == nil {
		return s.create(ctx, tx, key, b, Life{expiry, expiry})
	}
	mine, err := s.decode(b)
	if err != nil {
		return err
	}
	if _, err := s.Save(ctx, key, base, mine, time.Now()); err != nil {
		return err
	}
	// The next base is our own view. With the merged bytes for a base, keys
	// that others added would look like ones that we removed.
	tx.wrote(key, b)
	return nil
}

// DeleteCtx implements scs.CtxStore.
func (s *Store) DeleteCtx(ctx context.Context, key string) error {
	tx := transactionIn(ctx)
	why := deleteCause()
	if tx != nil && tx.view != nil {
		if _, err := tx.view(); err != nil {
			return err
		}
		if why != causeDestroy {
			return ErrNoCookie
		}
	}
	if why == causeDestroy {
		return s.end(ctx, key, Destroyed)
	}
	return s.end(ctx, key, Renewed)
}

// AllCtx implements scs.IterableCtxStore.
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	list, ok := s.backend.(Lister)
	if !ok {
		return nil, ErrNoList
	}
	all, err := list.All(ctx)
	if err != nil && !errors.Is(err, ErrNoList) {
		err = fmt.Errorf("store: list: %w", err)
	}
	return all, err
}

// Find implements scs.Store.
func (s *Store) Find(key string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), key)
}

// Commit implements scs.Store.
func (s *Store) Commit(key string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), key, b, expiry)
}

// Delete implements scs.Store.
func (s *Store) Delete(key string) error { return s.DeleteCtx(context.Background(), key) }

// create stores a session whose token is new in this transaction.
func (s *Store) create(ctx context.Context, tx *transaction, key string, b []byte, life Life) error {
	_, ok, err := s.backend.Swap(ctx, key, nil, b, life)
	if err != nil {
		return fmt.Errorf("store: create: %w", err)
	}
	if !ok {
		return errors.New("store: create: the token of a new session is taken")
	}
	tx.wrote(key, b)
	return nil
}

// replace stores b over whatever is under key.
func (s *Store) replace(ctx context.Context, key string, b []byte, expiry time.Time) error {
	var current []byte
	for attempt := 0; ; attempt++ {
		found, ok, err := s.backend.Swap(ctx, key, current, b, Life{expiry, expiry})
		if ok && err == nil {
			return nil
		}
		current = found
		if err == nil {
			err = Backoff(ctx, attempt)
		}
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
	}
}
