package store

import (
	"bytes"
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
	if tx := s.core.transactionOf(ctx); tx != nil {
		if tx.held != nil && callCause() == causeMerge {
			return nil, false, ErrNoCookie
		}
		key = tx.resolve(key)
	}
	if isOnce(key) {
		return nil, false, nil // a cookie that names what is no session
	}
	s.core.flush(key)
	b, _, ok, err := s.core.backend.Find(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("store: load: %w", err)
	}
	if ok {
		if tx := s.core.begin(ctx); tx != nil {
			tx.read(key, b)
		}
	}
	return b, ok, nil
}

// CommitCtx implements scs.CtxStore. In a transaction it merges; see [Begin].
// Without one it replaces what is there, as SCS does, but brings back no
// session that is known to have ended.
func (s *Store) CommitCtx(ctx context.Context, key string, b []byte, expiry time.Time) error {
	tx := s.core.transactionOf(ctx)
	if tx == nil && ctx.Err() != nil {
		return ctx.Err() // it may have had one, which is forgotten
	}
	if tx == nil {
		return s.core.replace(ctx, key, b, expiry)
	}
	key = tx.resolve(key)
	as := viewer{key, ctx.Value(s.core.contextKey)}
	base, err := tx.base(as)
	if err != nil {
		return err
	}
	if base == nil {
		return s.core.create(ctx, tx, as, b, expiry)
	}
	if tx.held == nil || tx.lists(key) {
		s.core.flush(key)
	}
	whole, err := s.core.takeOver(tx, b)
	if err != nil {
		return err
	}
	mine, err := s.core.merge(ctx, Commit{Key: key, Base: base, Mine: &Snapshot{Bytes: whole}, Used: time.Now()})
	if err != nil {
		if tx.implicit && errors.Is(err, ErrGone) {
			return nil // the manager's own LoadAndSave would answer 500
		}
		return err
	}
	// The next base is our own view. With the merged bytes for a base, keys
	// that others added would look like ones that we removed.
	if !bytes.Equal(whole, b) {
		mine = &Snapshot{Bytes: b}
	}
	tx.wrote(as, mine)
	s.core.own(ctx, tx)
	return nil
}

// merge saves a commit of which only the bytes are known, and returns them decoded:
// what is too large is not worth that.
func (c *Core) merge(ctx context.Context, commit Commit) (mine *Snapshot, err error) {
	if c.tooLarge(commit.Mine.Bytes, commit.Base.Bytes) {
		if _, _, err := c.oversize(ctx, commit); err != nil {
			return nil, err
		}
	}
	if mine, err = c.Decode(commit.Mine.Bytes); err != nil {
		return nil, err
	}
	commit.Mine = mine
	_, err = c.Save(ctx, commit)
	return mine, err
}

// DeleteCtx implements scs.CtxStore. A renewal is told when the new token has
// been committed: a client that comes back then has its new cookie.
func (s *Store) DeleteCtx(ctx context.Context, key string) error {
	tx := s.core.transactionOf(ctx)
	why := callCause()
	if tx == nil {
		key, _ = s.core.listed.resolve(key)
	} else {
		key = tx.resolve(key)
	}
	if tx != nil && tx.held != nil && !tx.lists(key) {
		if _, err := tx.held.Base(nil); err != nil {
			return err
		}
	}
	if tx != nil && tx.held != nil && why != causeDestroy {
		return ErrNoCookie
	}
	if why == causeDestroy {
		_, err := s.core.end(ctx, key, Destroyed)
		if tx == nil || err != nil || tx.lists(key) {
			return err
		}
		s.core.disown(ctx, tx)
		return s.core.sweep(ctx, tx, Destroyed)
	}
	return s.core.hand(ctx, tx, key, why)
}

// hand ends a session that goes on under another token, or in another session.
func (c *Core) hand(ctx context.Context, tx *transaction, key string, why cause) error {
	kind := renewing
	if tx == nil {
		kind = Renewed // nobody will say when it does
	}
	handedOver, err := c.handOver(key)
	if err != nil {
		return fmt.Errorf("store: %s: %w", kind, err)
	}
	ended := false
	defer func() { handedOver(ended) }()
	last, err := c.end(ctx, key, kind)
	ended = err == nil
	switch {
	case err != nil || tx == nil:
		return err
	case why == causeRenew:
		tx.renewed(key, last)
	case last == nil:
		return ErrGone
	default:
		tx.merged(key, last)
	}
	return nil
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

// replace stores b over whatever is under key. What Iterate has listed must be
// there.
func (c *Core) replace(ctx context.Context, key string, b []byte, expiry time.Time) error {
	key, listed := c.listed.resolve(key)
	c.flush(key)
	if c.ends.of(ID(key)) != "" {
		return ErrGone
	}
	change := Change{New: b, Life: Life{expiry, expiry}}
	if listed || c.tooLarge(b, nil) {
		found, _, ok, err := c.backend.Find(ctx, key)
		if err != nil {
			return fmt.Errorf("store: commit: %w", err)
		}
		if !ok && listed {
			return ErrGone
		}
		change.Old = found
	}
	return c.Retry(ctx, func() (done bool, err error) {
		if c.tooLarge(b, change.Old) {
			return false, ErrTooLarge
		}
		found, ok, err := c.backend.Swap(ctx, key, change)
		switch {
		case err != nil:
			return false, fmt.Errorf("store: commit: %w", err)
		case ok:
			c.news.tell(change.Note.Event, nil)
			return true, nil
		case found == nil && listed:
			return false, ErrGone
		}
		change.Old = found
		change.Note = c.news.note(Event{ID: ID(key), Kind: Changed})
		return false, nil
	})
}
