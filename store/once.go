package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// OncePrefix begins the keys of what a [Backend] keeps for one use beside the
// sessions: claims and tickets. No token has a colon, so none of them is a session's.
// A backend that shares its sessions with others keeps these where nobody lists them.
const OncePrefix = "once:"

func isOnce(key string) bool { return strings.HasPrefix(key, OncePrefix) }

// onceKey is where something is kept. It does not tell the name, and is as long
// as a token: some SCS stores have no room for more.
func onceKey(name string) string {
	hash := sha256.Sum256([]byte(name))
	return (OncePrefix + base64.RawURLEncoding.EncodeToString(hash[:]))[:43]
}

// Deposit keeps a value under a name in the backend, beside the sessions, until
// somebody withdraws it or ttl has passed. It replaces what is there. One that is
// larger than a session may be is [ErrTooLarge].
func (c *Core) Deposit(ctx context.Context, name string, value []byte, ttl time.Duration) error {
	if c.tooLarge(value, nil) {
		return fmt.Errorf("store: deposit: %w", ErrTooLarge)
	}
	key, expiry := onceKey(name), time.Now().Add(ttl)
	change := Change{New: value, Life: Life{Expiry: expiry, Limit: expiry}}
	return c.Retry(ctx, func() (done bool, err error) {
		change.Old, done, err = c.backend.Swap(ctx, key, change)
		if err != nil {
			return false, fmt.Errorf("store: deposit: %w", err)
		}
		return done, nil
	})
}

// Deposited returns what is kept under a name, and leaves it there. ok is false
// when there is nothing, or no more.
func (c *Core) Deposited(ctx context.Context, name string) (value []byte, ok bool, err error) {
	value, _, ok, err = c.backend.Find(ctx, onceKey(name))
	if err != nil {
		return nil, false, fmt.Errorf("store: deposited: %w", err)
	}
	return value, ok, nil
}

// Withdraw takes what was deposited under a name: of many who try, one gets it.
// Around another SCS store that holds in one process only. ok is false when
// there is nothing, or no more.
func (c *Core) Withdraw(ctx context.Context, name string) (value []byte, ok bool, err error) {
	value, err = c.backend.Delete(ctx, onceKey(name), Note{})
	if err != nil {
		return nil, false, fmt.Errorf("store: withdraw: %w", err)
	}
	return value, value != nil, nil
}
