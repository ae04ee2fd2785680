package store

import (
	"context"
	"fmt"
	"time"
)

// Deposit keeps a value under a name for one use, until somebody withdraws it or ttl
// has passed. It replaces an earlier value. A value that is larger than a session
// may be is [ErrTooLarge].
func (c *Core) Deposit(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if c.limit.exceeded(value, nil) {
		return fmt.Errorf("store: deposit: %w", ErrTooLarge)
	}
	key, expiry := onceKey(name), time.Now().Add(ttl)
	change := Change{New: value, Life: Life{Expiry: expiry, Limit: expiry}}
	return retry(ctx, func() (done bool, err error) {
		change.Old, done, err = c.backend.Swap(ctx, key, change)
		if err != nil {
			return false, fmt.Errorf("store: deposit: %w", err)
		}
		return done, nil
	})
}

// Deposited returns the value under a name and leaves it there. ok is false when
// there is none, or none any more.
func (c *Core) Deposited(ctx context.Context, name string) (value []byte, ok bool, err error) {
	value, _, ok, err = c.backend.Find(ctx, onceKey(name))
	if err != nil {
		return nil, false, fmt.Errorf("store: deposited: %w", err)
	}
	return value, ok, nil
}

// Withdraw returns the value under a name and deletes it: of many callers, one gets
// it. Around another SCS store that holds within one process. ok is false when there
// is none, or none any more.
func (c *Core) Withdraw(ctx context.Context, name string) (value []byte, ok bool, err error) {
	value, err = c.backend.Delete(ctx, onceKey(name), Note{})
	if err != nil {
		return nil, false, fmt.Errorf("store: withdraw: %w", err)
	}
	return value, value != nil, nil
}
