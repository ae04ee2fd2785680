package store

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/alexedwards/scs/v2"
)

var _ scs.IterableCtxStore = (*Store)(nil)

// AllCtx implements scs.IterableCtxStore. In a transaction, what Iterate commits of a
// session merges with what others wrote since the list was made.
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	c := &s.core
	all, err := c.all(ctx)
	if err != nil {
		return nil, err
	}
	var l listing
	if c.manager.HashTokenInStore {
		l.keys = make(map[string]string, len(all))
		for key := range all {
			l.keys[c.Key(key)] = key
		}
	}
	tx := c.beginImplicitly(ctx)
	if tx == nil {
		c.bareLists.add(l.keys)
		return all, nil
	}
	if tx.held != nil {
		// It is shown as its own handler sees it, and goes on from there.
		if base, _ := tx.held.Base(ctx.Value(c.contextKey)); base != nil && all[tx.key] != nil {
			all[tx.key] = base.Bytes
		}
	}
	l.bytes = maps.Clone(all)
	tx.bases.list(l, c.callerOf(ctx, tx))
	return all, nil
}

// all returns the bytes of every session in the backend.
func (c *Core) all(ctx context.Context) (map[string][]byte, error) {
	lister, ok := c.backend.(Lister)
	if !ok {
		return nil, ErrNoList
	}
	all, err := lister.All(ctx)
	if errors.Is(err, ErrNoList) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("store: list: %w", err)
	}
	for key := range all {
		if isOnce(key) {
			delete(all, key)
		}
	}
	return all, nil
}

// callerOf returns the viewer whose session the context of Iterate has. SCS does not
// hold its lock when it calls AllCtx.
func (c *Core) callerOf(ctx context.Context, tx *transaction) viewer {
	if tx.held != nil {
		return viewer{}
	}
	data := ctx.Value(c.contextKey)
	if data == nil {
		return viewer{}
	}
	return viewer{tx.resolve(c.Key(c.manager.Token(ctx))), data}
}
