package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
)

// A listing is what Iterate was given: bases for what it commits.
type listing struct {
	bytes map[string][]byte // by store key
	// keys are the store keys by what SCS makes of them under HashTokenInStore,
	// else nil: it takes what it lists for tokens, and hashes that again.
	keys map[string]string
}

func (l listing) has(key string) bool {
	_, ok := l.bytes[key]
	return ok
}

// AllCtx implements scs.IterableCtxStore. In a transaction, what Iterate commits
// of a session merges with what others wrote since the list was made.
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	list, ok := s.core.backend.(Lister)
	if !ok {
		return nil, ErrNoList
	}
	all, err := list.All(ctx)
	if err != nil {
		if !errors.Is(err, ErrNoList) {
			err = fmt.Errorf("store: list: %w", err)
		}
		return nil, err
	}
	for key := range all {
		if isOnce(key) {
			delete(all, key)
		}
	}
	var l listing
	if s.core.manager.HashTokenInStore {
		l.keys = make(map[string]string, len(all))
		for key := range all {
			l.keys[s.core.Key(key)] = key
		}
	}
	tx := s.core.begin(ctx)
	if tx == nil {
		s.core.listed.add(l.keys)
		return all, nil
	}
	if tx.held != nil {
		// It is shown as its own handler sees it, and goes on from there.
		if base, _ := tx.held.Base(ctx.Value(s.core.contextKey)); base != nil && all[tx.key] != nil {
			all[tx.key] = base.Bytes
		}
	}
	l.bytes = maps.Clone(all)
	tx.list(l, s.core.callerOf(ctx, tx))
	return all, nil
}

// callerOf returns whose session a context shows. No call of SCS's that needs it
// is under SCS's lock.
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

// list makes a listing the base of sessions, but for those that have one: of them
// only the caller's session data is known to be older than the list.
func (t *transaction) list(l listing, caller viewer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if base := t.baseLocked(caller); caller.data != nil && base != nil {
		t.viewLocked(caller, base)
		delete(t.bases, caller.key)
	}
	t.listed = l
}

// resolve returns the store key of what SCS calls a key.
func (t *transaction) resolve(key string) string {
	if t.held != nil && key == t.named {
		return t.key
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if real, ok := t.listed.keys[key]; ok {
		return real
	}
	return key
}

// lists tells whether a key is of a session that only Iterate has shown.
func (t *transaction) lists(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bases[key] == nil && t.listed.has(key) && !t.holds(key)
}

// bareListings keeps the keys of the last two listings that were made without a
// transaction under HashTokenInStore: what SCS makes of them must become no
// session. The zero value is ready to use.
type bareListings struct {
	mu   sync.Mutex
	keys [2]map[string]string
}

func (b *bareListings) add(keys map[string]string) {
	if keys == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[0], b.keys[1] = b.keys[1], keys
}

// resolve returns the store key of what SCS calls a key, and whether it was
// listed.
func (b *bareListings) resolve(key string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, keys := range b.keys {
		if real, ok := keys[key]; ok {
			return real, true
		}
	}
	return key, false
}
