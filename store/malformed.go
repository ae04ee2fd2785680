package store

import (
	"context"
	"errors"
	"log/slog"
	"sync"
)

// malformed says of each session once that it does not decode.
type malformed struct {
	log *slog.Logger // nil for the default

	mu   sync.Mutex
	said map[string]struct{} // ids
}

// maxSaid bounds what is remembered. Then all is said once more.
const maxSaid = 1024

func (m *malformed) say(id string, err error) {
	m.mu.Lock()
	_, said := m.said[id]
	if m.said == nil || len(m.said) == maxSaid {
		m.said = make(map[string]struct{})
	}
	m.said[id] = struct{}{}
	m.mu.Unlock()
	if said {
		return
	}
	log := m.log
	if log == nil {
		log = slog.Default()
	}
	log.Error("store: a session is treated as none", "id", id, "error", err)
}

// load is the manager's Load, to which a stored session that does not decode is
// none. The first commit or Destroy in the transaction of ctx deletes it.
func (c *Core) load(ctx context.Context, token string) (context.Context, error) {
	var loaded context.Context
	err := contain("load", func() (err error) {
		loaded, err = c.manager.Load(ctx, token)
		return err
	})
	if err == nil {
		return loaded, nil
	}
	key := c.Key(token)
	if _, _, _, found := c.Load(ctx, key, nil); !errors.Is(found, ErrMalformed) {
		return nil, errors.Unwrap(err)
	}
	c.malformed.say(ID(key), err)
	c.transactionOf(ctx).replaces(key)
	return c.manager.Load(ctx, "")
}

// replaces notes that a request came with the key of a session that does not
// decode.
func (t *transaction) replaces(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = key
}

// sweep deletes what a request has found that does not decode.
func (c *Core) sweep(ctx context.Context, tx *transaction, why Kind) error {
	tx.mu.Lock()
	key := tx.broken
	tx.mu.Unlock()
	if key == "" {
		return nil
	}
	if _, err := c.end(ctx, key, why); err != nil {
		return err
	}
	tx.replaces("")
	return nil
}
