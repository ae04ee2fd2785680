package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"
)

var _ scs.CtxStore = (*Store)(nil)

// FindCtx implements scs.CtxStore. What it finds becomes the base of a later commit
// in the same transaction.
func (s *Store) FindCtx(ctx context.Context, key string) ([]byte, bool, error) {
	c := &s.core
	if tx := c.transactionOf(ctx); tx != nil {
		if tx.held != nil && scsCaller() == callsMergeSession {
			return nil, false, ErrNoCookie
		}
		key = tx.resolve(key)
	}
	if isOnce(key) {
		return nil, false, nil // a cookie that names a claim or ticket
	}
	c.holders.flush(key)
	b, _, ok, err := c.backend.Find(ctx, key)
	if err != nil {
		return nil, false, fmt.Errorf("store: load: %w", err)
	}
	if ok {
		if tx := c.beginImplicitly(ctx); tx != nil {
			tx.bases.read(key, b)
		}
	}
	return b, ok, nil
}

// CommitCtx implements scs.CtxStore. In a transaction it merges; see [Begin]. Without
// one it replaces what is there, as SCS does, but brings back no session that is known
// to have ended.
func (s *Store) CommitCtx(ctx context.Context, key string, b []byte, expiry time.Time) error {
	c, tx := &s.core, s.core.transactionOf(ctx)
	if tx == nil && ctx.Err() != nil {
		return ctx.Err() // its transaction may have ended with it
	}
	if tx == nil {
		return c.replace(ctx, key, b, expiry)
	}
	key = tx.resolve(key)
	as := viewer{key, ctx.Value(c.contextKey)}
	base, err := tx.base(as)
	if err != nil {
		return err
	}
	if base == nil {
		return c.create(ctx, tx, as, b, expiry)
	}
	if tx.held == nil || tx.onlyListed(key) {
		c.holders.flush(key)
	}
	_, merged := tx.lineage.ancestors()
	whole, err := c.carryMerged(merged, b)
	if err != nil {
		return err
	}
	mine, err := c.saveBytes(ctx, Commit{Key: key, Base: base, Mine: &Snapshot{Bytes: whole}, Used: time.Now(), ancestors: merged})
	if err != nil {
		if tx.implicit && errors.Is(err, ErrGone) {
			return nil // the manager's own LoadAndSave would answer 500
		}
		return err
	}
	// The next base is our own view. With the merged bytes for a base, keys that
	// others added would look like keys that we removed.
	if !bytes.Equal(whole, b) {
		mine = &Snapshot{Bytes: b}
	}
	tx.wrote(as, mine)
	c.tellMerged(ctx, tx)
	return nil
}

// DeleteCtx implements scs.CtxStore. A renewal is told when the new token has been
// committed: a client that comes back then has its new cookie.
func (s *Store) DeleteCtx(ctx context.Context, key string) error {
	c, tx, by := &s.core, s.core.transactionOf(ctx), scsCaller()
	if tx == nil {
		key, _ = c.bareLists.resolve(key)
	} else {
		key = tx.resolve(key)
	}
	if tx != nil && tx.held != nil && !tx.onlyListed(key) {
		if _, err := tx.held.Base(nil); err != nil {
			return err
		}
	}
	if tx != nil && tx.held != nil && by != callsDestroy {
		return ErrNoCookie
	}
	if by != callsDestroy {
		return c.handOver(ctx, tx, key, by)
	}
	_, err := c.end(ctx, key, Destroyed)
	if tx == nil || err != nil || tx.onlyListed(key) {
		return err
	}
	c.endLineage(ctx, tx)
	return c.endMalformed(ctx, tx, Destroyed)
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
